"""The disk takes nothing more while residents write: full, broken for writing, read-only.

The state folder lies on a small file system of its own, which needs root; without it only the
second is tried. Full and broken pass by themselves; what the kernel has made read-only is
mounted again with the assistant stopped. The control says yes before it has kept anything.
Last line: one JSON with what was acknowledged meanwhile, is lost or was done in silence: none.
"""

import resource
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from bench.drills.careless import careless
from bench.drills.running import OURS, WRONG, Drill, drilling, until
from bench.drills.small_disk import NEEDS, Disk, small_disk
from bench.drills.verdict import Verdict, arguments, conclude
from bench.output import say
from setup.processes import free_port
from setup.programs import programs

LASTS, BETWEEN = 6.0, 4.0  # seconds
RESIDENTS, WRITERS = 2, 4
NO_ROOT = f"a full and a read-only disk need root and {', '.join(NEEDS)}"


def broken(drill: Drill) -> Callable[[], None]:
    """Let none of our processes write to any file; returns what lets them again."""
    pids = [drill.assistant.supervisor.pid(name) for name in OURS]
    before = [resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in pids]
    for pid, (_, hard) in zip(pids, before, strict=True):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard))

    def mend() -> None:
        for pid, limit in zip(pids, before, strict=True):
            with suppress(ProcessLookupError):  # it has been started anew, without the limit
                resource.prlimit(pid, resource.RLIMIT_FSIZE, limit)

    return mend


def full(disk: Disk) -> Callable[[], None]:
    """Fill a disk; returns what makes room."""
    disk.fill()
    return disk.make_room


def run(disk: Disk | None, folder: Path, times: int, seed: int) -> dict[str, Any]:
    """Let the disk fail so often in each way."""
    state, port = (disk.place if disk else folder) / "state", free_port()
    with drilling(state, port=port, seed=seed) as drill:
        ways = [lambda: broken(drill), *([lambda: full(disk)] if disk else [])]
        with drill.conversing(RESIDENTS), drill.writing(WRITERS):
            seconds = [fails(drill, ways[n % len(ways)]) for n in range(times * len(ways))]
        figures = drill.figures()
        if disk is None:
            return {**figures, "faults": times, "recovered_in_s": max(seconds)}
        say("read-only")
        disk.give_up()
        with drill.writing(WRITERS, until_dealt_with=False):
            time.sleep(LASTS)
        tried = [one for writer in drill.writers for one in writer.tried]
    disk.unmount()
    disk.mount()
    with drilling(state, port=port, seed=seed) as again:
        until(lambda: again.books.unfinished() == 0)
        after = again.books
        return {
            **figures,
            "faults": len(seconds) + 1,
            "recovered_in_s": max(seconds),
            "statuses": sorted({one.status for one in tried}),
            "acknowledged": sum(len(one.acknowledged) for one in drill.writers),
            "lost_words": after.missing(t for w in drill.writers for t in w.acknowledged),
        }


def fails(drill: Drill, way: Callable[[], Callable[[], None]]) -> float:
    """Let the disk fail for a while; returns seconds until somebody is heard again."""
    time.sleep(drill.chance.uniform(1, BETWEEN))
    mend = way()
    time.sleep(LASTS)
    mend()
    seconds = drill.taken_again(time.monotonic())
    say(f"taken again after {seconds} s; {len(drill.tried())} messages")
    return seconds


def control(folder: Path) -> int:
    """Run a bot that acknowledges first; returns how much of it is lost."""
    table = careless("acknowledge_first", programs)
    with drilling(folder / "control", table=table) as drill:
        with drill.writing(WRITERS):
            fails(drill, lambda: broken(drill))
        return int(drill.figures()["lost_words"])


def main() -> None:
    """Drill as long as the command line says."""
    parser = arguments(__doc__)
    parser.add_argument("--times", type=int, default=20, help="that the disk fails in each way")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="xiaoli-disk-") as place:
        folder = Path(place)
        with small_disk(folder) as disk:
            found = run(disk, folder, told.times, told.seed)
            not_run = "" if disk else NO_ROOT
        say("the control: a bot that acknowledges first")
        lost = control(folder)
    figure = (
        f"the disk failed {found['faults']} times: {found['lost_words']} of "
        f"{found['acknowledged']} lost, taken again after {found['recovered_in_s']} s"
    )
    held = not any(found[name] for name in ("lost_words", *WRONG))
    verdict = Verdict(held, found["faults"], figure, lost > 0, not_run)
    conclude({**found, "control_lost": lost}, P26=verdict)


if __name__ == "__main__":
    main()
