"""Against somebody else's idea of the Bot API: telegram-test-api from npm, over real HTTP.

It refuses little; but nobody here wrote it. `.ci/run` installs it, and so may you:
`npm install --prefix .build/telegram-test-api --ignore-scripts telegram-test-api@4.2.1`.
"""

import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.app import Parts
from bot.channels.telegram.account import Account
from bot.channels.telegram.hearing import Ears
from bot.channels.telegram.sending import Telegram
from bot.courier import Courier
from tests.bot.channels.telegram.conftest import Town
from tests.bot.channels.telegram.fake_api import TOKEN
from tests.conftest import missing

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

MODULE = Path(".build/telegram-test-api/node_modules/telegram-test-api")
# It tells milliseconds where Telegram tells seconds, and repeats what it was given unread.
SCRIPT = """
const TelegramServer = require(process.argv[1]);
const server = new TelegramServer({ port: Number(process.argv[2]), host: "127.0.0.1" });
const add = server.addBotMessage.bind(server);
server.addBotMessage = (message, token) => {
  const { message_id, date, chat, text } = add(message, token);
  return { message_id, date: Math.floor(date / 1000), chat, text };
};
server.start().then(() => console.log("ready"));
"""
WHO = {"id": 7001, "first_name": "李", "is_bot": False}
CHAT = {"id": 7001, "first_name": "李", "type": "private"}


@pytest.fixture(scope="module")
def their_api() -> Iterator[str]:
    if shutil.which("node") is None or not MODULE.is_dir():
        missing("node and telegram-test-api in .build/telegram-test-api")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = ["node", "-e", SCRIPT, str(MODULE.resolve()), str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as served:
        assert served.stdout is not None
        assert served.stdout.readline() == b"ready\n"
        yield f"http://127.0.0.1:{port}"
        served.terminate()


@pytest.fixture
async def there(their_api: str, parts: Parts, town: Town) -> AsyncIterator[Telegram]:
    telegram = Telegram(Account(TOKEN, "", their_api, ""), parts.wording)
    town.courier = Courier(
        parts.database, town.clock, {"telegram": telegram}, parts.webchat.uploads
    )
    yield telegram
    await telegram.close()


async def told(api: str, method: str, **said: Any) -> Any:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(f"{api}/{method}", json=said)
    assert answer.is_success, answer.text
    return answer.json()["result"]


async def test_a_resident_asks_taps_and_is_answered(
    their_api: str, there: Telegram, town: Town
) -> None:
    ears = Ears(there, town.parts.gateway)
    message = {"botToken": TOKEN, "from": WHO, "chat": CHAT, "date": 1795485600}
    await told(their_api, "sendMessage", **message, text="要报名")
    after = await ears.ask_once(None)
    await town.hear()
    _, asked = await told(their_api, "getUpdates", token=TOKEN, chatId=7001)
    assert asked["message"]["text"] == "你说：要报名"
    ((yes,), (_no,)) = asked["message"]["reply_markup"]["inline_keyboard"]
    on = {"message_id": asked["messageId"], "chat": CHAT, "from": WHO}
    tapped = {"botToken": TOKEN, "from": WHO, "message": on, "data": yes["callback_data"]}
    await told(their_api, "sendCallback", **tapped)
    assert await ears.ask_once(after) != after
    await town.hear()
    (answer,) = await told(their_api, "getUpdates", token=TOKEN, chatId=7001)
    assert answer["message"]["text"] == '你说：/choose{"choice": "yes"}'


async def test_it_takes_a_menu_of_ours_for_what_it_is(
    their_api: str, there: Telegram, town: Town
) -> None:
    """A command arrives with its entity, as Telegram marks it."""
    command = {"botToken": TOKEN, "from": WHO, "chat": CHAT, "date": 1795485600}
    entities = [{"type": "bot_command", "offset": 0, "length": 5}]
    await told(their_api, "sendCommand", **command, text="/help", entities=entities)
    await Ears(there, town.parts.gateway).ask_once(None)
    await town.settle()
    assert town.assistant.heard[-1][1] == "帮助"
