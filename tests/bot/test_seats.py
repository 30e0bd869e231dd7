"""Several Rasa processes: where a conversation sits, and what happens when one goes."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from sqlalchemy import select

from actions.conversations import Conversation
from actions.wording import Said
from bot import seats
from bot.assistant import AssistantAway, AssistantSilent, Meant
from bot.seats import Seats, name_of
from tests.bot.conftest import Bot

TALKS = [f"{n:032x}" for n in range(300)]
MEANT = [Meant((("greet", 1.0),))]


@dataclass
class Rasa:
    """One Rasa; `away` cannot be reached, `silent` hears and does not answer."""

    away: bool = False
    silent: bool = False
    heard: list[tuple[str, str]] = field(default_factory=list)

    async def is_there(self) -> bool:
        return not (self.away or self.silent)

    async def reply(
        self, *, tracker_id: str, turn_id: str, text: str, within: float
    ) -> list[Said]:
        self._answers()
        self.heard.append((tracker_id, text))
        return [Said(f"你说：{text}")]

    async def read(self, _texts: object, *, within: float) -> list[Meant]:
        self._answers()
        return MEANT

    def _answers(self) -> None:
        if self.away:
            raise AssistantAway("refused")
        if self.silent:
            raise AssistantSilent("in time")


@pytest.fixture
def rasas() -> dict[str, Rasa]:
    return {"a": Rasa(), "b": Rasa(), "c": Rasa()}


@pytest.fixture
async def three(
    rasas: dict[str, Rasa], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Seats]:
    monkeypatch.setattr(seats, "EVERY", 0.01)
    monkeypatch.setattr(seats, "RESTS", 0.1)
    made = Seats(rasas)  # type: ignore[arg-type]
    watching = asyncio.ensure_future(made.watch())
    yield made
    watching.cancel()


async def ask(three: Seats, seat: str) -> list[Said]:
    return await three.reply(seat=seat, tracker_id="t-0", turn_id="x", text="你好", within=1)


def test_every_process_has_its_share_and_a_conversation_stays(three: Seats) -> None:
    sat = [three.of(talk) for talk in TALKS]
    assert all(sat.count(seat) > len(TALKS) / 5 for seat in three.all)
    assert sat == [three.of(talk) for talk in TALKS]


async def test_when_one_goes_only_its_own_conversations_move_and_they_return(
    three: Seats, rasas: dict[str, Rasa]
) -> None:
    before = {talk: three.of(talk) for talk in TALKS}
    rasas["b"].away = True
    with pytest.raises(AssistantAway):
        await ask(three, "b")
    after = {talk: three.of(talk) for talk in TALKS}
    moved = {talk for talk in TALKS if after[talk] != before[talk]}
    assert moved == {talk for talk in TALKS if before[talk] == "b"}
    assert {after[talk] for talk in moved} == {"a", "c"}
    rasas["b"].away = False
    while three.there != three.all:
        await asyncio.sleep(0.01)
    assert before == {talk: three.of(talk) for talk in TALKS}


async def test_one_that_hangs_counts_as_away_until_it_answers_again(
    three: Seats, rasas: dict[str, Rasa]
) -> None:
    rasas["a"].silent = True
    for _ in range(seats.SILENT):
        assert "a" in three.there
        with pytest.raises(AssistantSilent):
            await ask(three, "a")
    assert "a" not in three.there
    await asyncio.sleep(0.2)
    assert "a" not in three.there
    rasas["a"].silent = False
    while "a" not in three.there:
        await asyncio.sleep(0.01)


async def test_one_that_fails_now_and_then_stays(three: Seats, rasas: dict[str, Rasa]) -> None:
    for _ in range(2 * seats.SILENT):
        rasas["a"].silent = True
        with pytest.raises(AssistantSilent):
            await ask(three, "a")
        rasas["a"].silent = False
        await ask(three, "a")
    assert "a" in three.there


async def test_any_that_is_there_reads(three: Seats, rasas: dict[str, Rasa]) -> None:
    rasas["a"].away = rasas["c"].away = True
    for _ in range(4):
        assert await three.read(["你好"], within=1) == MEANT
    rasas["b"].away = True
    with pytest.raises(AssistantAway):
        await three.read(["你好"], within=1)


def test_loopback_is_another_place_on_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = name_of("http://127.0.0.1:5005"), name_of("http://rasa:5005")
    monkeypatch.setattr("socket.gethostname", lambda: "another")
    assert name_of("http://127.0.0.1:5005") != here
    assert name_of("http://rasa:5005") == there


@pytest.fixture
def two(bot: Bot, rasas: dict[str, Rasa]) -> Seats:
    """The bot's Rasa processes."""
    del rasas["c"]
    ground = bot.parts.gateway.ground
    ground.seats = ground.assistant = made = Seats(rasas)  # type: ignore[arg-type]
    return made


def conversation(bot: Bot) -> Conversation:
    with bot.parts.database.reading() as db:
        return db.scalars(select(Conversation)).one()


async def test_a_conversation_goes_on_at_another_rasa_within_the_same_turn_and_afresh(
    bot: Bot, two: Seats, rasas: dict[str, Rasa]
) -> None:
    await bot.say("你好")
    first = conversation(bot).seat
    rasas[first].away = True
    assert await bot.say("再来") == ["你说：再来"]
    second = conversation(bot).seat
    assert {first, second} == {"a", "b"}
    assert rasas[first].heard[-1][0] != rasas[second].heard[-1][0]


async def test_who_comes_back_is_never_asked_by_a_tracker_it_knew_before(
    bot: Bot, two: Seats, rasas: dict[str, Rasa]
) -> None:
    """It would take up the form where it had left it, though that has gone on elsewhere."""
    await bot.say("你好")
    first = conversation(bot).seat
    rasas[first].away = True
    await bot.say("再来")
    rasas[first].away = False
    two._away.clear()
    await bot.say("又来")
    trackers = [tracker for tracker, _ in rasas[first].heard]
    assert len(trackers) == len(set(trackers)) == 2


async def test_one_rasa_that_is_away_is_waited_for_as_before(
    bot: Bot, two: Seats, rasas: dict[str, Rasa]
) -> None:
    for rasa in rasas.values():
        rasa.away = True
    still_working = bot.parts.wording.render("utter_still_working").text
    assert (await bot.say("你好"))[-1] == still_working


async def test_every_rasa_forgets_who_had_themselves_forgotten(
    bot: Bot, two: Seats, rasas: dict[str, Rasa]
) -> None:
    bot.parts.gateway.ground.to_forget.append("abc-3")
    await bot.say("你好")
    while not all(("abc-3", "/restart") in rasa.heard for rasa in rasas.values()):
        await asyncio.sleep(0.01)
