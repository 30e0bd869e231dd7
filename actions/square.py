"""Where topics stand that need only what a community is and how it speaks."""

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from actions.wording import Wording
from knowledge.pack import Pack, Text


@dataclass(frozen=True)
class Square:
    """A community's content, as it is now, and what is said to its residents."""

    pack: Pack
    wording: Wording

    @property
    def zone(self) -> ZoneInfo:
        """The community's time zone."""
        return self.pack.zone

    def in_both(self, response: str, **values: Any) -> Text:
        """Return a response in both languages, to be a value of another."""
        zh, en = (
            self.wording.render(response, language=language, values=values).text
            for language in ("zh", "en")
        )
        return Text(zh=zh, en=en)
