"""By what a letter is known to Feishu, and how many may go, without Feishu's server."""

from datetime import timedelta
from pathlib import Path

from actions.channels import CHANNELS
from actions.conversations import Choice
from bot.channels.feishu.sending import uuid_of
from bot.channels.platform import Letter
from tests.bot.channels.feishu.open_feishu import (
    A_CHAT,
    A_MINUTE,
    A_SECOND,
    GROUP,
    LONGEST_UUID,
    WHO,
)

SECOND = timedelta(seconds=1)
LETTER = Letter(to=GROUP, text="新的诉求", key="1-0", is_group=True)
TAKE = Choice("接", "staff_take", "1", "c.00000000001")


def test_a_letter_has_one_uuid_at_every_try_and_shares_it_with_no_other() -> None:
    others = [
        Letter(GROUP, "新的诉求", "1-1"),
        Letter(WHO, "新的诉求", "1-0"),
        Letter(GROUP, "又一件", "1-0"),  # of a store that began anew
        Letter(GROUP, "", "1-0", photos=(Path("a"),)),
        Letter(GROUP, "", "1-0", photos=(Path("b"),)),
    ]
    assert uuid_of(LETTER) == uuid_of(Letter(GROUP, "新的诉求", "1-0", (TAKE,), is_group=True))
    assert len({uuid_of(one) for one in (LETTER, *others)}) == 6
    assert len(uuid_of(LETTER)) <= LONGEST_UUID


def test_the_worst_minute_and_second_of_our_pace_are_within_feishus() -> None:
    facts = CHANNELS["feishu"]
    assert facts.bot is not None
    assert facts.bot.most + facts.bot.at_once - 1 <= A_MINUTE
    assert facts.bot.at_once + SECOND / facts.bot.apart <= A_SECOND
    for pace in (facts.chat, facts.group):
        assert pace is not None
        assert (pace.within, pace.most + pace.at_once - 1 <= A_CHAT) == (SECOND, True)
