"""Words of residents say who of their family is meant."""

import pytest

from actions.people import kin


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("我妈", "mother"),
        ("给我外婆", "mothers_mother"),
        ("我丈母娘", "mothers_in_law"),
        ("my mother-in-law", "mothers_in_law"),
        ("my grandmother", "grandmother"),
        ("爸妈", None),
        ("我邻居", None),
        ("大家", None),
    ],
)
def test_words_say_who_of_the_family_is_meant(said: str, kind: str | None) -> None:
    assert kin.kind_of(said) == kind
