"""The ways to reach people and what each can do: one table, which every part reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Reached(StrEnum):
    """How what we say comes to whom it is for."""

    BY_ROW = "by_row"  # they read it with us: the written row is the delivery
    PUSHED = "pushed"  # it has to be brought to a platform
    BY_STAFF = "by_staff"  # staff tell it on the phone


@dataclass(frozen=True)
class Pace:
    """At most so many messages in so long; `at_once` of them hardly a `gap` apart."""

    most: int
    within: timedelta
    at_once: int = 1
    gap: timedelta = timedelta()

    @property
    def apart(self) -> timedelta:
        """How far messages are apart where many wait."""
        return self.within / self.most


class Heard(StrEnum):
    """How a resident let us hear from them: some platforms let us write less after a tap."""

    WORDS = "words"  # or a photo, a voice, a place
    TAP = "tap"  # on a menu, a code that was scanned, to follow us


@dataclass(frozen=True)
class Window:
    """After we heard from a resident we may write for so long, and only so many messages."""

    lasts: timedelta
    most: int


@dataclass(frozen=True)
class Channel:
    """What a channel can do.

    `residents`: those who are served read there, later too. `shared`: many use one screen,
    one after the other. `carries`: a neighbour's door or phone number may be shown there.
    `longest` is a message's length in UTF-16 units, `bytes_` in UTF-8 bytes where the platform
    counts these; what is longer is sent in parts. It shows so many `choices` as buttons; where
    it shows none they are numbered lines of the text. `photos_apart`: a photo is a message of
    its own there. `voices`: what we say can be said aloud there, too. `chat`, `group` and `bot`
    are the platform's limits, of one chat, one group and all together. `window` opens with
    words, `tap_window` with a tap. `passive`: the answer to a webhook may carry a reply, if it
    is given within this time.
    """

    reached: Reached
    residents: bool = True
    shared: bool = False
    carries: bool = False
    longest: int = 10_000
    bytes_: int = 1_000_000
    choices: int = 100
    photos_apart: bool = False
    voices: bool = False
    chat: Pace | None = None
    group: Pace | None = None
    bot: Pace | None = None
    window: Window | None = None
    tap_window: Window | None = None
    passive: timedelta = timedelta()

    def window_after(self, heard: Heard) -> Window | None:
        """Return how long and how much we may write once we heard something; None: no limit."""
        return self.tap_window if heard == Heard.TAP else self.window


SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)

# Others keep what they carry, or many read along: only our own page, and staff on the phone,
# carry a door. A channel that is not named reaches nobody.
CHANNELS: Mapping[str, Channel] = {
    "webchat": Channel(Reached.BY_ROW, carries=True),
    "kiosk": Channel(Reached.BY_ROW, residents=False, shared=True),  # one screen for many
    "desk": Channel(Reached.BY_STAFF, carries=True),  # those who phone or come by
    "staff": Channel(Reached.BY_ROW, residents=False),  # staff's chats at the desk
    "open311": Channel(Reached.BY_ROW, residents=False),  # the partner asks
    "nobody": Channel(Reached.BY_ROW, residents=False),  # those who had themselves forgotten
    "shell": Channel(Reached.BY_ROW, residents=False),
    # In the worst stretch of a pace there are `most + at_once - 1` messages: that is what the
    # platform's own limit is compared with.
    # https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
    "telegram": Channel(
        Reached.PUSHED,
        longest=4096,
        choices=100,
        voices=True,
        chat=Pace(1, SECOND, gap=SECOND),
        group=Pace(16, MINUTE, at_once=5, gap=SECOND),
        bot=Pace(24, SECOND, at_once=5),
    ),
    # Official Account: the customer-service API takes five messages in 48 hours after words,
    # three in a minute after a tap (since June 2023).
    "wechat": Channel(
        Reached.PUSHED,
        bytes_=2048,
        choices=0,
        photos_apart=True,
        window=Window(48 * HOUR, 5),
        tap_window=Window(MINUTE, 3),
        passive=timedelta(seconds=4.5),
    ),
    # 微信客服 of WeCom
    "wecom": Channel(
        Reached.PUSHED, bytes_=2048, choices=0, photos_apart=True, window=Window(48 * HOUR, 5)
    ),
    # A robot of a group is silenced for ten minutes after the twentieth in a minute; an app may
    # call each API twenty times in a second. A message is 15,000 bytes of JSON, in which a byte
    # may be written as two.
    "dingtalk": Channel(
        Reached.PUSHED,
        residents=False,
        bytes_=7000,
        choices=0,
        photos_apart=True,
        group=Pace(16, MINUTE, at_once=5),
        bot=Pace(15, SECOND, at_once=5),
    ),
    # A chat takes five in a second from all its robots, and Feishu 50 in a second and 1000 in a
    # minute from an app. A card holds 30 KB: 30 buttons, under a text of three bytes a sign.
    # https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/reference/im-v1/message/create
    "feishu": Channel(
        Reached.PUSHED,
        residents=False,
        longest=5000,
        choices=30,
        photos_apart=True,
        chat=Pace(4, SECOND),
        group=Pace(4, SECOND),
        bot=Pace(960, MINUTE, at_once=20),
    ),
}


def reached(name: str) -> Reached:
    """Return how people are reached on a channel.

    Raises:
        KeyError: there is no such channel.
    """
    return CHANNELS[name].reached


def is_for_staff(name: str) -> bool:
    """Whether a channel is a platform that serves no residents: who writes there is staff."""
    facts = CHANNELS.get(name)
    return facts is not None and facts.reached == Reached.PUSHED and not facts.residents


def carries(name: str) -> bool:
    """Whether a channel may show a neighbour's door or phone number."""
    return name in CHANNELS and CHANNELS[name].carries
