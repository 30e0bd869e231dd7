"""Every word said to a resident: read from nlu/domain, chosen by language and elder mode."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from functools import cache
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import yaml

from actions.conversations import Choice
from actions.errors import XiaoliError
from actions.told import Told

DOMAIN = Path(__file__).parent.parent / "nlu" / "domain"
WEEKDAYS = {"zh": "一二三四五六日", "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class WordingError(XiaoliError):
    """A response is not in nlu/domain, or lacks a value it speaks of."""


@runtime_checkable
class Bilingual(Protocol):
    """Text in both languages, as the knowledge base's `Text` is."""

    zh: str
    en: str


@dataclass(frozen=True)
class Said:
    """A reply as the resident gets it, and the mark of what it told, if anything.

    `photos` are ids of uploads that go with it. `held` and `rest` are the choices and the
    words that are told when more is asked for.
    """

    text: str
    choices: tuple[Choice, ...] = ()
    told: Told | None = None
    photos: tuple[str, ...] = ()
    held: tuple[Choice, ...] = ()
    rest: str = ""


@dataclass(frozen=True)
class Wording:
    """Renders responses; `zone` is the community's time zone."""

    responses: Mapping[str, Sequence[Mapping[str, Any]]]
    zone: tzinfo

    def render(
        self,
        response: str,
        *,
        language: str = "zh",
        elder: bool = False,
        choices: Sequence[Choice] = (),
        values: Mapping[str, Any] | None = None,
    ) -> Said:
        """Fill a response in. The domain's own buttons come after `choices`.

        Raises:
            WordingError: no such response, or a value it speaks of was not given.
        """
        variant = self._variant(response, language, elder)
        shown = {key: self.shown(value, language) for key, value in (values or {}).items()}
        try:
            text = str(variant["text"]).format_map(shown)
            buttons = tuple(_choice(button, shown) for button in variant.get("buttons", ()))
        except KeyError as missing:
            raise WordingError(f"{response} speaks of {missing}, which was not given") from None
        return Said(text, (*choices, *buttons))

    def _variant(self, response: str, language: str, elder: bool) -> Mapping[str, Any]:
        """Return the variant whose conditions all hold; the one with the most of them wins."""
        slots = {"language": language, "elder": elder}
        fitting = [
            variant
            for variant in self.responses.get(response, ())
            if all(slots.get(c["name"]) == c["value"] for c in variant.get("condition", ()))
        ]
        if not fitting:
            raise WordingError(f"Response {response} is not in nlu/domain; write it there")
        in_language = [v for v in fitting if language == "zh" or _speaks(v, language)]
        return max(in_language or fitting, key=lambda v: len(v.get("condition", ())))

    def shown(self, value: Any, language: str) -> str:
        """Write a value, whether it comes as itself or as the JSON `to_json` made of it."""
        match _plain(value):
            case {"moment": moment}:
                return self.moment(datetime.fromisoformat(moment), language)
            case {"day": day}:
                return self.day(date.fromisoformat(day), language)
            case {"zh": zh, "en": en}:
                return str(zh if language == "zh" else en)
            case other:
                return str(other)

    def moment(self, moment: datetime, language: str) -> str:
        """Write a moment on the community's clock: 11月28日（周六）14:00, Sat 28 Nov, 14:00."""
        local = moment.astimezone(self.zone)
        comma = "" if language == "zh" else ", "
        return f"{self.day(local.date(), language)}{comma}{local:%H:%M}"

    def day(self, day: date, language: str) -> str:
        """Write a date with its weekday."""
        weekday = WEEKDAYS[language][day.weekday()]
        if language == "zh":
            return f"{day.month}月{day.day}日（周{weekday}）"
        return f"{weekday} {day.day} {MONTHS[day.month - 1]}"


def to_json(values: Mapping[str, Any]) -> dict[str, Any]:
    """Turn values into JSON that `render` shows the same way later, in either language."""
    return {key: _plain(value) for key, value in values.items()}


def read_wording(zone: tzinfo, domain: Path = DOMAIN) -> Wording:
    """Read all responses of the domain folder."""
    return Wording(_responses(domain), zone)


@cache
def _responses(domain: Path) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    responses: dict[str, Sequence[Mapping[str, Any]]] = {}
    for file in sorted(domain.glob("*.yml")):
        responses |= (
            yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader).get("responses") or {}
        )
    return responses


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return {"moment": value.isoformat()}
        case date():
            return {"day": value.isoformat()}
        case Bilingual():
            return {"zh": value.zh, "en": value.en}
        case _:
            return value


def _speaks(variant: Mapping[str, Any], language: str) -> bool:
    return any(
        c["name"] == "language" and c["value"] == language for c in variant.get("condition", ())
    )


def _choice(button: Mapping[str, str], values: Mapping[str, str]) -> Choice:
    """Read a button; the value of its payload may speak of the response's values."""
    intent, value = read_payload(button["payload"])
    return Choice(label=button["title"], intent=intent, value=value.format_map(values))


def read_payload(payload: str) -> tuple[str, str]:
    """Split `/intent{"choice": "value"}` into intent and value."""
    intent, brace, rest = payload.removeprefix("/").partition("{")
    return intent, str(json.loads(brace + rest)["choice"]) if rest else ""


def write_payload(intent: str, value: str) -> str:
    """Join intent and value into the payload Rasa obeys; never made from a resident's text."""
    return f"/{intent}" + (json.dumps({"choice": value}, ensure_ascii=False) if value else "")
