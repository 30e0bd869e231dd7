"""Telegram as a platform: letters out, files in, and what its refusals mean."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import structlog
from starlette.concurrency import run_in_threadpool
from telegram import (
    Bot,
    BotCommand,
    InputMediaPhoto,
    LinkPreviewOptions,
    Message,
)
from telegram.error import BadRequest, ChatMigrated, Forbidden, RetryAfter, TelegramError
from telegram.request import HTTPXRequest

from actions.errors import kind_of
from actions.wording import Wording
from bot.channels.parts import utf16
from bot.channels.platform import Blocked, Letter, Moved, Refused, Slowed
from bot.channels.telegram.account import Account
from bot.channels.telegram.addressed import Me
from bot.channels.telegram.commands import COMMANDS, HIDDEN
from bot.channels.telegram.keyboards import has_keys, under, with_numbers
from bot.channels.telegram.reading import NAME, Tap
from bot.channels.telegram.refusals import refusal_of, seconds_of

log = structlog.get_logger()

SECONDS = 10.0  # for one request
ASKING_SECONDS = 25  # how long a request for updates waits for one
LONGEST_CAPTION = 1024
APART = 1.0  # seconds between two messages in one chat
FLOODED = 3  # chats that are slowed down one after the other: then it is all of us
HEARD = ("message", "edited_message", "callback_query", "my_chat_member")
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


class QuietRequest(HTTPXRequest):
    """Requests that leave nothing of what is said in a log."""

    @staticmethod
    def parse_json_payload(payload: bytes) -> Any:
        """Read an answer; the library would log one it cannot read, words and all."""
        try:
            return json.loads(payload)
        except ValueError:
            raise TelegramError("an answer that is no JSON") from None


@dataclass
class Telegram:
    """The Bot API for one bot."""

    account: Account
    wording: Wording
    rest: Callable[[float], Awaitable[None]] = asyncio.sleep
    name: str = NAME
    _bot: Bot = field(init=False, repr=False)
    _request: QuietRequest = field(init=False, repr=False)
    _me: Me | None = field(default=None, init=False)
    _slowed: set[str] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        api, here = self.account.api, self.account.is_here
        self._request = QuietRequest(
            read_timeout=SECONDS,
            write_timeout=SECONDS,
            # To another machine by the proxy the environment names, and surely by TLS.
            httpx_kwargs={"trust_env": not here, "verify": not api.startswith("http:")},
        )
        self._bot = Bot(
            self.account.token,
            base_url=f"{api}/bot",
            base_file_url=f"{api}/file/bot",
            request=self._request,
            get_updates_request=self._request,
        )

    async def close(self) -> None:
        """Let go of the connections."""
        await self._request.shutdown()

    # Letters.

    async def send(self, letter: Letter) -> str:
        with self._told_apart(letter.to):
            photos = await run_in_threadpool(_read, letter.photos)
            sent = await self._send(letter, photos)
            return str(sent.message_id)

    async def _send(self, letter: Letter, photos: list[bytes]) -> Message:
        """Send it in one message if that is possible: photos with the words under them."""
        if letter.voice:  # its text has just rung
            return await self._bot.send_voice(
                letter.to, letter.voice, filename="voice.ogg", disable_notification=True
            )
        text = with_numbers(letter) if has_keys(letter) else letter.text
        markup = under(letter, self._person(letter))
        short = utf16(text) <= LONGEST_CAPTION
        if len(photos) == 1 and short:
            return await self._bot.send_photo(
                letter.to, photos[0], caption=text or None, reply_markup=markup
            )
        if len(photos) > 1 and short and not letter.choices:
            return await self._album(letter.to, photos, text)
        if not text.strip():
            raise Refused("empty")
        if photos:
            await self._album(letter.to, photos, "")
            await self.rest(APART)
        return await self._bot.send_message(
            letter.to, text, reply_markup=markup, link_preview_options=NO_PREVIEW
        )

    async def _album(self, to: str, photos: list[bytes], caption: str) -> Message:
        if len(photos) == 1:
            return await self._bot.send_photo(to, photos[0])
        media = [InputMediaPhoto(one) for one in photos[:10]]
        sent = await self._bot.send_media_group(to, media, caption=caption or None)
        return sent[0]

    def _person(self, letter: Letter) -> str:
        return self._render("utter_key_person", letter.language)

    def _render(self, response: str, language: str) -> str:
        return self.wording.render(response, language=language).text

    @contextmanager
    def _told_apart(self, chat: str) -> Iterator[None]:
        """Turn what Telegram refuses into what that means to a courier."""
        try:
            yield
        except RetryAfter as error:
            raise self._slow_down(chat, seconds_of(error)) from None
        except ChatMigrated as error:
            raise Moved(str(error.new_chat_id)) from None
        except Forbidden:
            raise Blocked from None
        except BadRequest as error:
            raise refusal_of(error) from None
        self._slowed.clear()

    def _slow_down(self, chat: str, seconds: float) -> Slowed:
        """It is most often one chat that gets too much; where several do, it is all of us."""
        self._slowed.add(chat)
        return Slowed(seconds, everywhere=len(self._slowed) >= FLOODED)

    # Files.

    async def fetch(self, remote: str, most: int) -> bytes:
        with self._told_apart("files"):
            file = await self._bot.get_file(remote)
            if (file.file_size or 0) > most or not file.file_path:
                raise Refused("too_large")
            content = await file.download_as_bytearray()
        if len(content) > most:
            raise Refused("too_large")
        return bytes(content)

    # What is no letter.

    async def me(self) -> Me:
        """Return who we are to Telegram, which is asked once."""
        if self._me is None:
            said = await self._bot.get_me()
            self._me = Me(said.id, said.username or "")
        return self._me

    async def notice(self, tap: Tap, words: str = "") -> None:
        """Say that a tap has been noticed, and take its buttons away; as well as may be."""
        try:
            await self._bot.answer_callback_query(tap.callback_id, text=words or None)
        except TelegramError as error:
            log.info("a tap could not be answered", error=kind_of(error))

    async def put_away(self, tap: Tap) -> None:
        """Take the buttons of a message away that were used; as well as may be."""
        try:
            await self._bot.edit_message_reply_markup(tap.chat, tap.message_id)
        except TelegramError as error:
            log.info("buttons could not be taken away", error=kind_of(error))

    async def settle_in(self) -> None:
        """Tell Telegram our menu, and where to call us."""
        for language, code in (("zh", None), ("zh", "zh"), ("en", "en")):
            menu = [
                BotCommand(name, self._render(f"utter_command_{name}", language))
                for name in COMMANDS
                if name not in HIDDEN
            ]
            await self._bot.set_my_commands(menu, language_code=code)
        if self.account.hook:
            secret = self.account.secret
            await self._bot.set_webhook(
                self.account.hook, secret_token=secret, allowed_updates=HEARD
            )
        else:
            await self._bot.delete_webhook()

    async def updates(self, after: int | None) -> list[Any]:
        """Wait for updates after one of this id; those up to it are done with.

        As Telegram wrote them: the library would fail the whole batch for one it cannot read.
        """
        asked = {"timeout": ASKING_SECONDS, "allowed_updates": json.dumps(HEARD)}
        if after is not None:
            asked["offset"] = after + 1
        url = f"{self._bot.base_url}/getUpdates?{urlencode(asked)}"
        answer = await self._request.retrieve(url, read_timeout=ASKING_SECONDS + SECONDS)
        return list(json.loads(answer)["result"])


def _read(photos: tuple[Path, ...]) -> list[bytes]:
    """Read the photos that are still there: somebody may have had them forgotten."""
    return [one.read_bytes() for one in photos if one.is_file()]
