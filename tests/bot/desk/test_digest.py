"""The digest of the day before: at eight on working days, once, no more than one may see."""

import io
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from actions import conversations
from actions.content.editions import Shelf
from actions.outbox import Notice
from actions.people import scope
from actions.people.model import Area, StaffChat
from bot.desk import digest
from bot.desk.figures import Look
from bot.upkeep import Digests
from tests.bot.conftest import PACK
from tests.bot.desk.conftest import CANARY, Village

EIGHT = datetime(2026, 11, 25, 0, 0, tzinfo=UTC)  # Wednesday, in Hangzhou
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FONTS = Path("/usr/share/fonts")


def chat(village: Village, area: str, team: str | None = None) -> str:
    now = village.bot.clock.now()
    with village.bot.parts.database.transaction() as db:
        talk = conversations.at_address(db, channel="webchat", address=f"{area}{team}", now=now)
        made = StaffChat(conversation_id=talk.id, area_id=area, team_id=team, created_at=now)
        db.add(made)
        return talk.id


def worker(village: Village) -> Digests:
    parts = village.bot.parts
    return Digests(
        parts.database, Shelf(PACK, Path("nowhere")), parts.wording, village.bot.clock
    )


def told(village: Village, conversation_id: str) -> list[Notice]:
    with village.bot.parts.database.reading() as db:
        return list(
            db.scalars(
                select(Notice).where(
                    Notice.conversation_id == conversation_id, Notice.about == "digest"
                )
            )
        )


def test_it_is_told_at_eight_on_a_working_day_and_once(village: Village) -> None:
    ours, work = chat(village, "guali/qicai/"), worker(village)
    village.bot.clock.moment = EIGHT - timedelta(seconds=1)
    assert not work.run_due()
    village.bot.clock.moment = EIGHT
    assert work.run_due()
    assert not work.run_due()
    assert not worker(village).run_due()  # a worker that was started again
    (notice,) = told(village, ours)
    assert (notice.values["filed"], notice.values["open"]) == (1, 1)
    for language, says in (("zh", "新收 1 件"), ("en", "1 filed")):
        said = village.bot.parts.wording.render(
            notice.response, language=language, values=notice.values
        )
        assert says in said.text
        assert CANARY not in said.text


@pytest.mark.parametrize(
    "moment",
    [
        EIGHT + 3 * DAY,  # Saturday
        datetime(2026, 10, 1, 0, 0, tzinfo=UTC),  # a holiday, a Thursday
        EIGHT + 11 * HOUR,  # in the evening nobody needs it
    ],
)
def test_it_is_not_told_when_nobody_works(village: Village, moment: datetime) -> None:
    ours = chat(village, "guali/")
    village.bot.clock.moment = moment
    assert not worker(village).run_due()
    assert told(village, ours) == []


def test_it_is_told_on_a_weekend_that_is_worked(village: Village) -> None:
    chat(village, "guali/")
    village.bot.clock.moment = datetime(2026, 10, 10, 0, 0, tzinfo=UTC)  # a Saturday, 调休
    assert worker(village).run_due()


def test_a_chat_that_was_ended_is_told_nothing(village: Village) -> None:
    ours = chat(village, "guali/")
    with village.bot.parts.database.transaction() as db:
        db.scalars(select(StaffChat)).one().ended_at = EIGHT
    village.bot.clock.moment = EIGHT
    assert not worker(village).run_due()
    assert told(village, ours) == []


def test_each_chat_is_told_of_its_own_area_and_team_alone(village: Village) -> None:
    village.file("scam-report", "骗子打电话")  # for the police post alone
    village.file("rubbish", "垃圾")
    with village.bot.parts.database.transaction() as db:
        assert db.get(Area, "guali/meilin/")
    seen = {
        ("guali/", None): 2,
        ("guali/qicai/", None): 2,
        ("guali/meilin/", None): 0,
        ("guali/", "police-post"): 1,
        ("guali/meilin/", "police-post"): 0,
        ("guali/", "cleaning-team"): 1,
    }
    chats = {whose: chat(village, *whose) for whose in seen}
    village.bot.clock.moment = EIGHT
    worker(village).run_due()
    for whose, count in seen.items():
        (notice,) = told(village, chats[whose])
        assert (whose, notice.values["filed"]) == (whose, count)
        assert (whose, notice.values["open"]) == (whose, count)


def text_of(read: PdfReader) -> str:
    return "".join(page.extract_text() for page in read.pages).replace("\x00", "")


def paper(village: Village, areas: list[str], team: str | None = None) -> PdfReader:
    parts, now = village.bot.parts, village.bot.clock.now()
    with parts.database.reading() as db, scope.limited(db, scope.Reach(tuple(areas), team)):
        look = Look(db, PACK, now, team)
        composed = digest.compose(look, digest.yesterday(PACK, now), areas[0])
        return PdfReader(io.BytesIO(digest.draw(composed, parts.wording, FONTS)))


def test_on_paper_it_is_two_pages_at_most_and_has_no_words_of_residents(
    village: Village,
) -> None:
    for _ in range(20):
        village.file("rubbish", CANARY)
    village.bot.clock.moment = EIGHT + 5 * DAY
    read = paper(village, ["guali/"])
    text = text_of(read)
    assert len(read.pages) <= 2
    assert "每日简报" in text
    assert "GQ-261124-0002" in text  # of the longest overdue
    assert "服务质效" in text
    assert CANARY not in text


def test_on_paper_nobody_reads_of_what_they_may_not_see(village: Village) -> None:
    secret = village.file("scam-report", "骗子打电话")
    village.bot.clock.moment = EIGHT + 5 * DAY
    for areas, team, sees in (
        (["guali/"], None, False),
        (["guali/meilin/"], "police-post", False),
        (["guali/"], "police-post", True),  # the control
    ):
        text = text_of(paper(village, areas, team))
        assert (secret in text) is sees


def test_the_day_it_tells_of_is_the_one_before() -> None:
    assert digest.yesterday(PACK, EIGHT) == date(2026, 11, 24)
    assert digest.yesterday(PACK, EIGHT - 9 * HOUR) == date(2026, 11, 23)
