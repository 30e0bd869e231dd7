"""Feishu (飞书), for staff: sealed events come in, letters go out as posts and cards."""

from bot.channels.feishu.hearing import routes as routes
from bot.channels.feishu.sending import Feishu as Feishu
from bot.channels.feishu.sending import open_account as open_account
