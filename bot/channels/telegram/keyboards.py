"""The buttons under a message.

An inline button carries the opaque id of a choice, never its words. In elder mode there are
large keys in the place of the keyboard instead, with the numbers of the choices and a person:
they are several times as large, always in the same place, and send plain words, as if typed. A
message can have one of the two only, so the choices are written out in its text.
"""

import re

from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)

from bot.channels.parts import label_of, utf16
from bot.channels.platform import Letter

Markup = InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove

LONGEST = 4096
SHORT = 6  # characters: two such labels fit side by side on a phone
KEYS_A_ROW = 3
MOST_KEYS = 9
NUMBERED = re.compile(r"(?m)^\s*1[.、．)）]")


def has_keys(letter: Letter) -> bool:
    """Whether a letter comes with large keys: an elder's, alone with us, with few choices."""
    fits = utf16(with_numbers(letter)) <= LONGEST and len(letter.choices) <= MOST_KEYS
    return letter.elder and not letter.is_group and fits


def with_numbers(letter: Letter) -> str:
    """Return the text with the choices written out below, unless it numbers them itself."""
    if not letter.choices or NUMBERED.search(letter.text):
        return letter.text
    lines = (f"{n}. {label_of(one)}" for n, one in enumerate(letter.choices, start=1))
    return "\n".join((letter.text, *lines)).strip()


def keys(letter: Letter, person: str) -> ReplyKeyboardMarkup:
    """Return the large keys: one for each choice, and one that fetches a person."""
    numbers = [KeyboardButton(str(n)) for n, _ in enumerate(letter.choices, start=1)]
    rows = [numbers[at : at + KEYS_A_ROW] for at in range(0, len(numbers), KEYS_A_ROW)]
    return ReplyKeyboardMarkup([*rows, [KeyboardButton(person)]], is_persistent=True)


def buttons(letter: Letter) -> InlineKeyboardMarkup:
    """Return a button for each choice: one a row, two where all are short."""
    made = [InlineKeyboardButton(label_of(one), callback_data=one.id) for one in letter.choices]
    short = all(len(one.text) <= SHORT for one in made)
    a_row = 2 if short and len(made) > 2 and not letter.elder else 1
    return InlineKeyboardMarkup([made[at : at + a_row] for at in range(0, len(made), a_row)])


def under(letter: Letter, person: str) -> Markup | None:
    """Return what stands under a letter; keys of a time in elder mode are taken away."""
    if has_keys(letter):
        return keys(letter, person)
    if letter.choices:
        return buttons(letter)
    return None if letter.is_group else ReplyKeyboardRemove()
