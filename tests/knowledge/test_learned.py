"""A question that was taught is answered as taught when it is asked again, and only then."""

import pytest

from knowledge.embedder import OnnxEmbedder
from knowledge.passages import Passage
from knowledge.search import KnowledgeBase


def teach(base: KnowledgeBase, *questions: tuple[str, str, str]) -> None:
    """Teach (record, language, question); nothing forgets what was taught."""
    taught = [Passage("article", r, lang, text, asked=True) for r, lang, text in questions]
    base.learn(questions, lambda: taught)


@pytest.fixture
def taught(base: KnowledgeBase) -> KnowledgeBase:
    teach(base)
    return base


def first(base: KnowledgeBase, question: str, language: str = "zh") -> str:
    found = base.search(question, language)[0]
    return found.record_id if found.confident else ""


@pytest.mark.parametrize("asked", ["帮我写首诗", "帮我写首诗吧", "帮我写首诗？", "幫我寫首詩"])
def test_a_taught_question_wins_outright(taught: KnowledgeBase, asked: str) -> None:
    assert first(taught, asked) == ""  # negative control: nobody knows it
    teach(taught, ("ed-calligraphy", "zh", "帮我写首诗"))
    found = taught.search(asked, "zh")
    assert (found[0].record_id, found[0].probability) == ("ed-calligraphy", 1.0)
    assert not any(one.confident for one in found[1:])
    assert len({(one.kind, one.record_id) for one in found}) == len(found)


@pytest.mark.parametrize(
    "asked", ["食堂几点开门", "借书证怎么办", "368路末班车几点", "写诗班在哪里", "讲个笑话"]
)
def test_what_was_not_taught_is_answered_as_before(taught: KnowledgeBase, asked: str) -> None:
    before = taught.search(asked, "zh")
    teach(
        taught,
        ("ed-calligraphy", "zh", "帮我写首诗"),
        ("he-gym", "zh", "健身房几点开门呢"),
        ("ed-lost-card", "zh", "借书证没了怎么办"),
        ("tr-360", "zh", "360路末班车几点"),
    )
    assert taught.search(asked, "zh") == before


def test_a_question_is_taught_for_its_own_language(taught: KnowledgeBase) -> None:
    teach(taught, ("ed-calligraphy", "en", "wifi"))
    assert first(taught, "wifi", "en") == "ed-calligraphy"
    assert first(taught, "wifi", "zh") != "ed-calligraphy"


def test_nothing_is_done_while_nothing_new_was_taught(taught: KnowledgeBase) -> None:
    teach(taught, ("ed-calligraphy", "zh", "帮我写首诗"))

    def never() -> list[Passage]:
        raise AssertionError

    taught.learn((("ed-calligraphy", "zh", "帮我写首诗"),), never)
    assert first(taught, "帮我写首诗") == "ed-calligraphy"


def test_what_is_taken_back_is_not_known_again(
    taught: KnowledgeBase, encoder: OnnxEmbedder
) -> None:
    teach(taught, ("ed-calligraphy", "zh", "帮我写首诗"))
    teach(taught)
    assert first(taught, "帮我写首诗") == ""
