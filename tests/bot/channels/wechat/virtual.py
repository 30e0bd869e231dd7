"""Time that passes only when nobody has anything to do: minutes of waiting in a moment."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import anyio.to_thread
import pytest

T = TypeVar("T")


class VirtualSelector(selectors.SelectSelector):
    """Waits no longer than nothing, and says how long it would have."""

    passed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready:
            assert timeout is not None, "everybody waits for ever"
            self.passed += max(timeout, 0)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop on virtual time."""

    def __init__(self) -> None:
        self._virtual = VirtualSelector()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.passed


@dataclass
class LoopClock:
    """A clock that shows the loop's time."""

    loop: VirtualLoop
    start: datetime = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.loop.time())


async def _at_once(work: Callable[..., T], *args: Any, **_more: Any) -> T:
    """Do a thread's work here: what threads do takes no virtual time."""
    await asyncio.sleep(0)
    return work(*args)


def run(loop: VirtualLoop, work: Coroutine[Any, Any, T], monkeypatch: pytest.MonkeyPatch) -> T:
    """Run something on virtual time."""
    monkeypatch.setattr(anyio.to_thread, "run_sync", _at_once)
    try:
        return loop.run_until_complete(work)
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
