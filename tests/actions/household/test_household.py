"""What is shown of a household, in the words of who looks."""

import pytest

from actions.dialogue import Ground
from actions.household import actions
from actions.people import acting, households, nicknames
from actions.people.model import Resident
from tests.actions.conftest import Talk


@pytest.fixture
def talk(ground: Ground) -> Talk:
    return Talk(ground, actions.actions)


def live_together(ground: Ground, child: str, mother: str, name: str = "") -> None:
    now = ground.clock.now()
    with ground.database.transaction() as db:
        home = households.of_or_new(db, db.get_one(Resident, child), now=now)
        households.join(db, home.id, db.get_one(Resident, mother))
        if name:
            nicknames.call(db, mother, name, now=now)


def intents(payloads: list[dict[str, str]]) -> list[str]:
    return [one["payload"].removeprefix("/") for one in payloads]


@pytest.mark.parametrize(
    ("language", "says"), [("zh", "还没有在小沥上加入家庭"), ("en", "in no household yet")]
)
def test_who_has_none_is_told_how_to_get_one(ground: Ground, language: str, says: str) -> None:
    heard = Talk(ground, actions.actions, language=language).do("action_manage_household")
    assert says in heard.text
    assert intents(heard.choices) == ["household_invite", "household_code", "link_chat"]


def test_others_are_called_as_they_wish_or_by_a_number(ground: Ground, talk: Talk) -> None:
    mother = Talk(ground, actions.actions, address="mother").resident_id
    live_together(ground, talk.resident_id, mother)
    assert "住户 " in talk.do("action_manage_household").text
    live_together(ground, talk.resident_id, mother, "王阿姨")
    assert "王阿姨" in talk.do("action_manage_household").text


def test_who_one_acts_for_is_called_by_who_they_are(ground: Ground, talk: Talk) -> None:
    mother = Talk(ground, actions.actions, address="mother")
    both = talk.resident_id, mother.resident_id
    live_together(ground, *both, "王阿姨")
    now = ground.clock.now()
    with ground.database.transaction() as db:
        asked = acting.ask(db, *both, "mother", now=now)
        acting.confirm(db, asked, now=now)
    assert talk.do("action_manage_household").text == "您家里还有：妈妈。"
    assert mother.do("action_manage_household").text == "您家里还有：孩子。"


def test_an_elder_reads_little_and_has_few_choices(ground: Ground) -> None:
    elder = Talk(ground, actions.actions, elder=True)
    heard = elder.do("action_manage_household")
    assert len(heard.text) <= 60
    assert len(heard.choices) <= 3
