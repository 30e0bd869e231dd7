"""A consent is to one text: who changes it makes a new version, and everybody is asked anew."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

from actions import conversations
from actions.db import Database
from actions.leaving.ends import ENDS
from actions.people import consents
from actions.people.consents import PURPOSES
from actions.people.consents import TEXTS as TEXTS_OF
from actions.wording import read_wording
from tests.conftest import StandingClock

# purpose → version → fingerprint of its text in all variants. A line is added, never changed.
TEXTS = Path(__file__).parent / "consent_texts.yml"
WORDING = read_wording(ZoneInfo("Asia/Shanghai"))


def fingerprint(variants: object) -> str:
    """Of what is read, in every variant; buttons are not the text."""
    told = [{k: v for k, v in one.items() if k != "buttons"} for one in variants]  # type: ignore[attr-defined]
    written = json.dumps(told, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(written.encode()).hexdigest()[:16]


def known() -> Mapping[str, Mapping[str, str]]:
    found: Mapping[str, Mapping[str, str]] = yaml.safe_load(TEXTS.read_text(encoding="utf-8"))
    return found


def variants_of(purpose: str) -> list[Mapping[str, object]]:
    return [variant for text in TEXTS_OF[purpose] for variant in WORDING.responses[text]]


def fits(purpose: str, variants: object) -> bool:
    return known()[purpose].get(PURPOSES[purpose]) == fingerprint(variants)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_text_is_the_one_of_its_version(purpose: str) -> None:
    assert fits(purpose, variants_of(purpose))


@pytest.mark.parametrize("purpose", PURPOSES)
def test_another_text_needs_another_version(purpose: str) -> None:
    """Negative control: one character more is another text."""
    first, *others = variants_of(purpose)
    changed = [{**first, "text": f"{first['text']}。"}, *others]
    assert not fits(purpose, changed)


def test_no_two_versions_have_one_text() -> None:
    for purpose, versions in known().items():
        assert purpose in PURPOSES
        assert len(set(versions.values())) == len(versions)


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("elder", [False, True])
def test_a_consent_says_what_it_is_for_and_has_a_yes_and_a_no(
    purpose: str, language: str, elder: bool
) -> None:
    said = WORDING.render(
        f"utter_consent_{purpose}",
        language=language,
        elder=elder,
        values={"purpose": f"{purpose}:{PURPOSES[purpose]}"},
    )
    assert [choice.intent for choice in said.choices] == ["give_consent", "refuse_consent"]
    if elder and language == "zh":
        assert len(said.text) <= 60
        assert said.text.count("？") == 1
    elif not elder:
        assert ("撤回" if language == "zh" else "take this back") in said.text


def test_every_purpose_has_an_end_and_words_for_it() -> None:
    assert set(ENDS) == set(PURPOSES)
    for purpose in PURPOSES:
        for response in (
            f"utter_consent_withdrawn_{purpose}",
            f"utter_label_withdraw_consent_{purpose}",
        ):
            assert WORDING.render(response).text != WORDING.render(response, language="en").text


def test_who_agreed_to_the_text_before_is_asked_anew(
    database: Database, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.transaction() as db:
        who = conversations.at_address(db, channel="webchat", address="a", now=clock.now())
        consents.give(db, who.resident_id, "help", channel="webchat", now=clock.now())
        assert consents.is_given(db, who.resident_id, "help")
        monkeypatch.setattr(consents, "PURPOSES", {**PURPOSES, "help": "2027-01"})
        assert not consents.is_given(db, who.resident_id, "help")
        assert consents.in_force(db, who.resident_id) == ["help"]  # to be taken back
        consents.give(db, who.resident_id, "help", channel="webchat", now=clock.now())
        assert consents.is_given(db, who.resident_id, "help")
        assert consents.in_force(db, who.resident_id) == ["help"]
