"""A process of its own: a recording may be built to break whoever reads it."""

import asyncio
import multiprocessing
import os
import resource
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")

WITHIN = 40.0  # seconds for one recording, the loading of a model included
MEMORY = 3 * 1024**3  # bytes the process may ask for


@dataclass
class Booth:
    """Does one thing after the other; the process starts with the first."""

    _pool: ProcessPoolExecutor | None = None
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run(self, work: Callable[..., T], *given: object) -> T:
        """Do something in the booth; whatever it takes too long at, or dies of, ends it.

        Raises:
            TimeoutError, BrokenProcessPool: as they say; the next is done in another process.
            Exception: what the work raises.
        """
        async with self._one_at_a_time:
            if self._pool is None:
                context = multiprocessing.get_context("spawn")
                self._pool = ProcessPoolExecutor(1, mp_context=context, initializer=_settle)
            done = asyncio.get_running_loop().run_in_executor(self._pool, work, *given)
            try:
                return await asyncio.wait_for(done, WITHIN)
            except (TimeoutError, BrokenProcessPool):
                self.close()
                raise

    def close(self) -> None:
        """End the process, whatever it is at."""
        if self._pool is not None:
            for process in (self._pool._processes or {}).values():
                process.kill()
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


def _settle() -> None:
    """Take no more than a booth may: memory, and a place behind those who answer."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    os.nice(5)
