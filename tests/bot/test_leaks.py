"""Where what names somebody, or says where they live, may turn up, and where never.

A story is played with secrets in it; then every place is searched. `TABLE` says of each secret
where it may be. A new part adds its chapter to `story` and its secrets to the table.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import ColumnElement, String, cast, select, update
from structlog.testing import capture_logs

from actions import callers, conversations, outbox
from actions.content.editions import Shelf
from actions.conversations import Conversation, Message
from actions.db import Base, Db
from actions.mydata import collecting
from actions.neighbours import claiming, needs, offers
from actions.neighbours.need import Need
from actions.outbox import Notice
from actions.people import consents, nicknames
from actions.relay import masking, relaying
from actions.relay.masking import Masked
from bot.delivery import Delivery
from bot.desk.pages import PAGES
from bot.taps import square_of
from bot.upkeep import Releases
from tests.bot.conftest import Bot
from tests.bot.desk.conftest import Village, planted
from tests.bot.test_relay import Pair

ASKER, HELPER, BYSTANDER = "a" * 32, "h" * 32, "b" * 32
ABOUT = "help:{}"
REALLY = masking.mask
LASTS = timedelta(hours=8)

# What each says of themselves, and nobody else may learn unless it is agreed.
SECRETS: Mapping[str, str] = {
    "asker's phone": "13900001111",
    "asker's account": "canary_asker88",
    "asker's door in words": "6幢2单元603",
    "asker's door": "7幢1单元702",
    "asker's words": "腿上打了石膏",
    "helper's phone in words": "15900002222",
    "helper's mail": "canary@example.com",
    "helper's plate": "浙A8C8N8",
    "helper's phone": "18800003333",
    "helper's words": "我晚十分钟到",
    "caller's phone": "17700004444",
    "caller's name": "金丝雀奶奶",
}
OWN = {
    "asker": {"asker's chat", "asker's copy of their data"},
    "helper": {"helper's chat", "helper's copy of their data"},
}

# secret → the places it may turn up in beside its owner's own chat, while it lasts.
TABLE: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(SECRETS, frozenset()),
    "asker's door": frozenset({"helper's chat"}),  # both agreed
    "helper's phone": frozenset({"asker's chat"}),
    "asker's words": frozenset({"helper's chat"}),  # to be passed on
    "helper's words": frozenset({"asker's chat"}),
    "caller's phone": frozenset({"own desk", "admin's desk"}),  # who phone them
    "caller's name": frozenset({"own desk", "admin's desk"}),
}


@dataclass
class Search:
    """Every place, as it is after the story, and what of it was written to logs."""

    pair: Pair
    village: Village
    logged: list[Any] = field(default_factory=list)

    @property
    def bot(self) -> Bot:
        return self.pair.bot

    async def found(self) -> set[tuple[str, str]]:
        """Return which secret turns up where."""
        places = {place: text async for place, text in self._places()}
        with self.bot.parts.database.reading() as db:
            columns = {
                (secret, f"column {column}")
                for secret, written in SECRETS.items()
                for column in _columns_with(db, written)
            }
        return columns | {
            (secret, place)
            for secret, written in SECRETS.items()
            for place, text in places.items()
            if written in text
        }

    async def _places(self) -> Any:
        for name, session in (("asker", ASKER), ("helper", HELPER), ("bystander", BYSTANDER)):
            yield f"{name}'s chat", self.pair.sees(session)
        with self.bot.parts.database.reading() as db:
            owed = db.execute(select(Notice.values, Notice.choices, Notice.about)).all()
            for name, session in (("asker", ASKER), ("helper", HELPER)):
                talk = db.get_one(Conversation, self.pair.talk_id(session))
                copy = collecting.collect(db, talk.resident_id, now=self.bot.clock.now())
                yield f"{name}'s copy of their data", repr(copy)
        yield "values of notices", repr(owed)
        index = [one.read_bytes() for one in _files(self.bot.parts.settings.index_dir)]
        yield "files of the index", "".join(one.decode("utf-8", "ignore") for one in index)
        yield "logs", repr(self.logged)
        yield "metrics", (await self.bot.client.get("/metrics")).text
        yield "own desk", await self._desk("own")
        yield "admin's desk", await self._desk("boss")
        yield "another village's desk", await self._desk("other")
        yield "another village's admin", await self._desk("other-boss")

    async def _desk(self, name: str) -> str:
        """All pages of the desk that need no more than their address, and the asker's chat."""
        colleague = self.village.colleague(name)
        pages = [page.path for page in PAGES if page.method == "GET" and "{" not in page.path]
        pages += [f"/conversations/{self.pair.talk_id(who)}" for who in (ASKER, HELPER)]
        return "\n".join([(await colleague.get(path)).text for path in pages])


def _files(folder: Path) -> list[Path]:
    """All files of a folder, where there is one."""
    return [one for one in folder.rglob("*") if one.is_file()]


def _columns_with(db: Db, written: str) -> Iterator[ColumnElement[Any]]:
    """Find the columns that hold a secret, beside the one table that can be erased."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            text = cast(column, String)
            said = select(1).where(text.contains(written, autoescape=True)).limit(1)
            if str(column) != "words.text" and db.scalar(said) is not None:
                yield column


def allowed(secret: str) -> frozenset[str]:
    owner = secret.partition("'")[0]
    return TABLE[secret] | OWN.get(owner, set())


def leaks(found: set[tuple[str, str]]) -> set[tuple[str, str]]:
    return {(secret, place) for secret, place in found if place not in allowed(secret)}


class Story:
    """A need is posted and taken; the two talk, and give one another what they choose."""

    def __init__(self, bot: Bot) -> None:
        self.pair, self.village = Pair(bot), planted(bot)
        self.bot, self.about = bot, ""

    async def play(self) -> None:
        self._settle()
        self._post_and_take()
        await self._talk()
        await self._give()
        await self._phone()
        await self._hand_off()

    def close(self) -> None:
        """It is over; the worker comes by."""
        bot, parts = self.bot, self.bot.parts
        with parts.database.transaction() as db:
            relaying.close(db, self.about, now=bot.clock.now())
        shelf = Shelf(parts.pack, parts.settings.content_dir)
        assert Releases(parts.database, shelf, parts.wording, bot.clock).run_due()

    def _settle(self) -> None:
        """All live in 七彩 and are called something; the bystander too."""
        for name, who in (("王", ASKER), ("李", HELPER), ("赵", BYSTANDER)):
            talk_id = self.pair.talk_id(who)
            with self.bot.parts.database.transaction() as db:
                talk, now = db.get_one(Conversation, talk_id), self.bot.clock.now()
                talk.area_id = talk.resident.area_id = "guali/qicai/"
                nicknames.call(db, talk.resident_id, f"{name}邻居", now=now)

    def _post_and_take(self) -> None:
        bot, now = self.bot, self.bot.clock.now()
        asker, helper = self.pair.talk_id(ASKER), self.pair.talk_id(HELPER)
        with bot.parts.database.transaction() as db:
            square = square_of(bot.parts.programme(db))
            one, other = db.get_one(Conversation, asker), db.get_one(Conversation, helper)
            wanted = (now + timedelta(hours=3), now + timedelta(hours=4))
            consents.give(db, one.resident_id, "help", channel="webchat", now=now)
            need = Need("fetch-parcel", wanted, "帮我取个快递")
            posted = needs.post(db, square=square, need=need, conversation=one, now=now)
            bot.clock.pass_by(timedelta(hours=1))  # the whole town has heard of it
            now = bot.clock.now()
            offer = offers.write(
                db, conversation=other, terms=offers.Terms(reach="town"), now=now
            )
            offer.verified_at = now
            claiming.claim(db, square, request_id=posted.id, helper=other, now=now)
            self.about = ABOUT.format(posted.id)

    async def _tell(self, who: str, *said: str) -> None:
        for text in said:
            self.pair.offer(who, "write_to_neighbour", self.about)
            await self.pair.tap(who, "write_to_neighbour")
            await self.pair.say(who, text.format_map(SECRETS))

    async def _talk(self) -> None:
        await self._tell(
            ASKER,
            "我{asker's words}，下不来",
            "有事打{asker's phone}",
            "加我微信 {asker's account}",
            "我住{asker's door in words}",
        )
        await self._tell(
            HELPER,
            "{helper's words}",
            "我电话{helper's phone in words}",
            "或者发{helper's mail}",
            "我开{helper's plate}过来",
        )

    async def _give(self) -> None:
        given = (
            (ASKER, HELPER, "release_offer", SECRETS["asker's door"]),
            (HELPER, ASKER, "release_phone", SECRETS["helper's phone"]),
        )
        for giver, taker, intent, what in given:
            self.pair.offer(giver, intent, self.about)
            await self.pair.tap(giver, intent)
            await self.pair.say(giver, what)
            self.pair.sees(taker)
            await self.pair.tap(taker, "要看")

    async def _phone(self) -> None:
        """The helper also helps somebody who is only phoned."""
        bot, now = self.bot, self.bot.clock.now()
        helper = self.pair.talk_id(HELPER)
        with bot.parts.database.transaction() as db:
            told = callers.read(SECRETS["caller's name"], SECRETS["caller's phone"])
            facts: dict[str, Any] = {"area_id": "guali/qicai/", "key": "key", "now": now}
            caller = callers.conversation_with(db, told, **facts)
            other = db.get_one(Conversation, helper)
            about, closes_at = ABOUT.format(99), now + LASTS
            relaying.open_between(db, caller, other, about=about, now=now, closes_at=closes_at)
            relay, square = relaying.of(db, about), square_of(bot.parts.programme(db))
            relaying.pass_on(db, square, relay, other, "菜买好了", now)
        worker = Delivery(bot.parts.database, bot.clock, bot.parts.wording, timedelta(hours=1))
        while worker.deliver_due():
            pass

    async def _hand_off(self) -> None:
        """Both ask for a person: staff read the conversations from here on."""
        for who in (ASKER, HELPER):
            talk_id = self.pair.talk_id(who)
            with self.bot.parts.database.transaction() as db:
                talk = db.get_one(Conversation, talk_id)
                conversations.open_for_staff(db, talk, now=self.bot.clock.now())


async def told(bot: Bot, *, close: bool = False) -> tuple[Story, set[tuple[str, str]]]:
    """Play the story and search every place."""
    story = Story(bot)
    with capture_logs() as logged:
        await story.play()
        if close:
            story.close()
    return story, await Search(story.pair, story.village, list(logged)).found()


async def test_every_secret_is_where_the_table_says_and_nowhere_else(
    bot: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        _, found = await told(bot)
    assert leaks(found) == set()
    assert {(secret, place) for secret in SECRETS for place in allowed(secret)} <= found
    assert not [secret for secret, written in SECRETS.items() if written in caplog.text]


async def test_what_was_given_is_gone_when_it_is_over(bot: Bot) -> None:
    _, found = await told(bot, close=True)
    assert ("asker's door", "helper's chat") not in found
    assert ("helper's phone", "asker's chat") not in found
    assert leaks(found) == set()


def as_it_is(text: str, earlier: Sequence[str] = ()) -> Masked:
    return Masked(text, REALLY(text, earlier).kinds)


async def test_without_the_masking_the_search_finds_leaks(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control."""
    monkeypatch.setattr(masking, "mask", as_it_is)
    _, found = await told(bot)
    assert {secret for secret, place in leaks(found) if place == "helper's chat"} == {
        "asker's phone",
        "asker's account",
        "asker's door in words",
    }
    assert {secret for secret, place in leaks(found) if place == "asker's chat"} == {
        "helper's phone in words",
        "helper's mail",
        "helper's plate",
    }


async def test_a_secret_in_a_column_or_at_the_desk_is_found(bot: Bot) -> None:
    """Negative control of the search itself."""
    story, found = await told(bot)
    secret = SECRETS["asker's phone"]
    asker = story.pair.talk_id(ASKER)
    with bot.parts.database.transaction() as db:
        now = bot.clock.now()
        values = {"phone": secret}
        outbox.put(
            db, conversation_id=asker, response="utter_returned", due_at=now, values=values
        )
        db.execute(update(Message).values(for_neighbour=False))
    later = await Search(story.pair, story.village).found()
    assert {place for name, place in later - found if name == "asker's phone"} >= {
        "values of notices",
        "column outbox.values",
        "own desk",
    }
