"""WeCom's customer service (微信客服): WeChat users reach us without following anybody."""

from bot.channels.wecom.account import open_account as open_account
from bot.channels.wecom.ear import KfEar as KfEar
from bot.channels.wecom.ear import open_ear as open_ear
