"""How each part is looked at: one check a part, none of which changes anything."""

import asyncio
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from time import monotonic

import httpx
from starlette.concurrency import run_in_threadpool

from actions import vitals
from actions.clock import Clock
from actions.db import Database
from actions.errors import StoreUnsafe
from bot.operating.figures import Figures, Reader
from bot.operating.health import WORKS, Check, Found, State
from knowledge import index, manifest
from knowledge.errors import KnowledgeError

SLOW = 1.0  # seconds after which an answer is one of somebody who struggles
CALL = 2.0  # seconds for an answer
LATE = timedelta(seconds=60)  # without a round: it stands still, or is gone
# How long the first message to a platform may wait until it is told, and until nobody hears us.
WAITS, STUCK = timedelta(minutes=2), timedelta(minutes=15)
FULL, NEARLY_FULL = 0.02, 0.10  # of the disk left
DOWN, DEGRADED = State.DOWN, State.DEGRADED
SLOWLY, ELSEWHERE = Found(DEGRADED, "slow"), Found(State.OK, "elsewhere")


@dataclass
class Checks:
    """What the parts are looked at with; `hears` says of a platform whether it reaches us."""

    database: Database
    clock: Clock
    client: httpx.AsyncClient
    reader: Reader
    rasa_urls: Sequence[str]
    actions_urls: Sequence[str]
    state_dir: Path
    hears: Mapping[str, Callable[[], bool]]
    _sound: set[tuple[str, int]] = field(default_factory=set)

    def table(self) -> dict[str, Check]:
        """Return the check of every part there is here, platforms last."""
        return {
            "database": self.of_database,
            "rasa": partial(self._of_servers, self.rasa_urls, "/"),
            "actions": partial(self._of_servers, self.actions_urls, "/health"),
            "worker": self.of_worker,
            "index": self.of_index,
            "model": self.of_model,
            "disk": self.of_disk,
            **{channel: partial(self.of_platform, channel) for channel in self.hears},
        }

    async def of_database(self) -> Found:
        """It answers, and would not lose what it acknowledges."""
        began = monotonic()
        try:
            await run_in_threadpool(self.database.check_durable)
        except StoreUnsafe:
            return Found(DOWN, "unsafe")
        except Exception:  # whatever a driver raises
            return Found(DOWN, "silent")
        return SLOWLY if monotonic() - began > SLOW else WORKS

    async def _of_servers(self, urls: Sequence[str], path: str) -> Found:
        """One of several is enough, and each that is missing is told."""
        found = await asyncio.gather(*(self._answers(url + path) for url in urls))
        working = [one for one in found if one.state != DOWN]
        if not working:
            return found[0]
        return working[0] if len(working) == len(found) else Found(DEGRADED, "some_silent")

    async def _answers(self, url: str) -> Found:
        began = monotonic()
        try:
            answer = await self.client.get(url, timeout=CALL)
        except httpx.HTTPError:
            return Found(DOWN, "silent")
        if not answer.is_success:
            return Found(DOWN, "not_ready")
        return SLOWLY if monotonic() - began > SLOW else WORKS

    async def of_worker(self) -> Found:
        """It goes its rounds, on whichever machine."""
        return self._rounds(await self._figures(), vitals.WORKER)

    async def of_platform(self, channel: str) -> Found:
        """Messages reach us and go out: somebody brings them, and none waits for long."""
        if not self.hears[channel]():
            return Found(DOWN, "unheard")
        figures = await self._figures()
        rounds = self._rounds(figures, vitals.courier(channel))
        if rounds.state != State.OK:
            return rounds
        waiting = (one for one in figures.waiting if one.queue == "sendings")
        longest = max((o.oldest for o in waiting if o.channel == channel), default=timedelta())
        if longest > STUCK:
            return Found(DOWN, "stuck")
        return Found(DEGRADED, "waits") if longest > WAITS else WORKS

    async def of_index(self) -> Found:
        """The active edition's index lies here as it was built; elsewhere it is not ours."""
        edition = (await self._figures()).edition
        if edition is None:
            return Found(DOWN, "none")
        indexes = self.state_dir / "index"
        try:
            folder = index.folder_of(indexes, edition.index_version)
        except KnowledgeError:
            return Found(DOWN, "missing")
        return await self._sound_folder(folder) if indexes.is_dir() else ELSEWHERE

    async def of_model(self) -> Found:
        """The language model lies here as it was trained; elsewhere it is not ours."""
        folder = self.state_dir / "models"
        return await self._sound_folder(folder) if folder.is_dir() else ELSEWHERE

    async def of_disk(self) -> Found:
        """There is room for what will be written."""
        disk = shutil.disk_usage(self.state_dir)
        left = disk.free / disk.total
        if left < FULL:
            return Found(DOWN, "full")
        return Found(DEGRADED, "nearly_full") if left < NEARLY_FULL else WORKS

    async def _figures(self) -> Figures:
        return await run_in_threadpool(self.reader.read)

    def _rounds(self, figures: Figures, part: str) -> Found:
        last = figures.beats.get(part)
        if last is None:
            return Found(DOWN, "never")
        late = self.clock.now() - last > LATE
        return Found(DOWN, "late", last) if late else WORKS

    async def _sound_folder(self, folder: Path) -> Found:
        """Compare a folder with its manifest, once for each time the manifest is written."""
        file = folder / manifest.NAME
        if not file.is_file():
            return Found(DOWN, "missing")
        known = (str(folder), file.stat().st_mtime_ns)
        if known not in self._sound:
            if await run_in_threadpool(_changed, folder):
                return Found(DOWN, "changed")
            self._sound.add(known)
        return WORKS


def _changed(folder: Path) -> str | None:
    """Return the first file of a folder that is not as its manifest has it, None if all are."""
    return manifest.changed(folder, *json.loads((folder / manifest.NAME).read_text("utf-8")))
