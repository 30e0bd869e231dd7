"""What a resident has confirmed of a need, before it is one."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Need:
    """What a resident has confirmed.

    `resident_id` is who needs it, if not who asks; `staff_id` who wrote it down for a caller;
    `doubtful`: it means something staff had better look at.
    """

    kind_id: str
    wanted: tuple[datetime, datetime]
    what: str = ""
    place_id: str | None = None
    where: str = ""
    minutes: int | None = None
    special: tuple[str, ...] = ()
    resident_id: str | None = None
    staff_id: int | None = None
    meaning: bytes | None = None
    doubtful: bool = False

    @property
    def words(self) -> str:
        """All that its asker wrote of it."""
        return f"{self.what} {self.where}".strip()
