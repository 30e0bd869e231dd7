"""What is said to us, by whom: in a group only what has our name, a command, or answers us."""

import re
from dataclasses import dataclass

from bot.channels.telegram.commands import COMMANDS, read_payload
from bot.channels.telegram.shapes import Entity, Message, User
from bot.message import clean

GROUPS = frozenset({"group", "supergroup"})
COMMAND = re.compile(r"/(?P<name>[A-Za-z0-9_]{1,32})(?:@(?P<to>\w{1,64}))?")


@dataclass(frozen=True)
class Me:
    """The bot as Telegram knows it; without a name it is not addressed by one."""

    id: int
    username: str = ""


@dataclass(frozen=True)
class Addressed:
    """Words that are meant for us, and by whom; `named`: they hold our name."""

    by: User
    text: str
    named: bool = False
    area: str = ""


@dataclass(frozen=True)
class Parts:
    """A text with its entities, which Telegram counts in UTF-16 units."""

    text: str
    entities: list[Entity]

    def of(self, entity: Entity) -> str:
        """Return the words of an entity."""
        units = self.text.encode("utf-16-le")
        there = units[2 * entity.offset : 2 * (entity.offset + entity.length)]
        return there.decode("utf-16-le", "replace")

    def without(self, entities: list[Entity]) -> str:
        """Return the text with the words of some entities left out."""
        units = self.text.encode("utf-16-le")
        for entity in sorted(entities, key=lambda one: -one.offset):
            end = 2 * (entity.offset + entity.length)
            units = units[: 2 * entity.offset] + units[end:]
        return units.decode("utf-16-le", "replace")


def addressed(said: Message, me: Me) -> Addressed | None:
    """Return what is said to us, None for what is not."""
    by = said.sender
    if by is None or by.is_bot or said.is_automatic_forward:
        return None
    parts = _parts(said)
    command = _command(parts)
    names = [one for one in parts.entities if _is_our_name(parts, one, me)]
    if said.chat.type in GROUPS:
        if not (names or _is_to_us(command, me) or _is_answer(said, me)):
            return None
    elif said.chat.type != "private":
        return None
    text = clean(parts.without(names))
    if command is None or said.forward_origin is not None:
        return Addressed(by, text, bool(names))
    return _commanded(by, text, command)


def _is_to_us(command: re.Match[str] | None, me: Me) -> bool:
    """Whether it is a command with our name, or one of ours with no name."""
    if command is None:
        return False
    if command["to"]:
        return bool(command["to"].lower() == me.username.lower())
    return command["name"].lower() in COMMANDS


def _is_answer(said: Message, me: Me) -> bool:
    quoted = said.reply_to_message
    return quoted is not None and quoted.sender is not None and quoted.sender.id == me.id


def _parts(said: Message) -> Parts:
    if said.text:
        return Parts(said.text, said.entities)
    if said.caption:
        return Parts(said.caption, said.caption_entities)
    named = said.venue.title if said.venue else ""
    return Parts(named, [])


def _is_our_name(parts: Parts, entity: Entity, me: Me) -> bool:
    if entity.type == "text_mention":
        return entity.user is not None and entity.user.id == me.id
    words = parts.of(entity).lower()
    return bool(me.username) and entity.type == "mention" and words == f"@{me.username.lower()}"


def _command(parts: Parts) -> re.Match[str] | None:
    """Return the command a text begins with, if Telegram takes it for one."""
    begins = any(one.type == "bot_command" and one.offset == 0 for one in parts.entities)
    return COMMAND.match(parts.text) if begins else None


def _commanded(by: User, text: str, command: re.Match[str]) -> Addressed:
    """Put the words of the menu in place of a command of ours; another stays what was typed."""
    name, rest = command["name"].lower(), clean(text[command.end() :])
    if name not in COMMANDS:
        return Addressed(by, f"/{command['name']} {rest}" if command["to"] else text, True)
    words = COMMANDS[name][0 if _speaks_chinese(by) else 1]
    if name == "start":  # what follows is a link's, no words of anybody
        return Addressed(by, words, True, read_payload(rest))
    return Addressed(by, f"{words} {rest}".strip(), True)


def _speaks_chinese(by: User) -> bool:
    return not by.language_code or by.language_code.lower().startswith("zh")
