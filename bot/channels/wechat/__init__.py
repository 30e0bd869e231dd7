"""WeChat Official Account (微信公众号): sealed webhook, passive answers, customer service."""

from bot.channels.wechat.account import open_account as open_account
from bot.channels.wechat.webhook import routes as routes
