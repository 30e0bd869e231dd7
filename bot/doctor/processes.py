"""Who runs and answers, and who is on the public port."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import psutil

from bot.doctor.finding import Finding, Installation
from setup.processes import is_free
from setup.supervisor import RUN_FILE

PATIENCE = 3  # s
LOOPBACK = frozenset({"127.0.0.1", "::1"})
INTERNAL = ("rasa", "actions")  # who must not be reached from outside

Running = Mapping[str, Mapping[str, Any]]  # name → pid, port, started


def ports(one: Installation) -> Iterator[Finding]:
    """Look whether somebody else is on the public port."""
    said = one.said
    if is_free(said.host, said.port) or _answers(f"{one.address}/healthz") is not None:
        return
    who, other = _who(said.port), said.port + 1
    yield Finding(
        f"端口 {said.port} 被 {who or '别的程序'} 占用：请停掉它，或改用 PORT={other}。",
        f"Port {said.port} is taken by {who or 'another program'}: stop that, or set "
        f"PORT={other}.",
    )


def _who(port: int) -> str:
    """Name who listens on a port, empty where only root is told."""
    try:
        for found in psutil.net_connections("tcp"):
            listens = found.status == psutil.CONN_LISTEN and found.pid
            if listens and found.laddr and found.laddr.port == port:
                return f"{psutil.Process(found.pid).name()} ({found.pid})"
    except psutil.Error:
        pass
    return ""


def running(one: Installation) -> Iterator[Finding]:
    """Look whether it runs, and which part of it does not answer."""
    left = _left(one.said.state_dir / RUN_FILE)
    dead = [name for name, process in left.items() if not _lives(process)]
    if left and len(dead) == len(left):
        yield Finding(
            "小沥上次没有正常停下（断电或被杀）：请执行 make run，消息都在。",
            "It was killed or lost its power: run make run; every message is still there.",
        )
        return
    ready = _answers(f"{one.address}/readyz")
    if ready is None and not left:
        yield Finding(
            "小沥现在没有运行；要开始，请执行 make run。",
            "It is not running now; make run starts it.",
            urgent=False,
        )
        return
    silent = dead or [name for name, well in (ready or {"bot": False}).items() if not well]
    if silent:
        yield Finding(
            f"没有应答的部分：{'、'.join(silent)}。请看日志，再重新启动。",
            f"Parts that do not answer: {', '.join(silent)}. Look at the log, then restart.",
        )


def is_up(one: Installation) -> bool:
    """Whether it runs, as far as can be seen from here."""
    left = _left(one.said.state_dir / RUN_FILE)
    return any(map(_lives, left.values())) or _answers(f"{one.address}/readyz") is not None


def reachable(one: Installation) -> Iterator[Finding]:
    """Look whether what is meant for this machine alone listens to others."""
    left = _left(one.said.state_dir / RUN_FILE)
    for name in INTERNAL:
        if name in left and _lives(left[name]) and (outside := _heard_at(left[name])):
            yield Finding(
                f"{name} 在 {outside} 上监听，外面也连得到：请停下，用 make run 启动。",
                f"{name} listens on {outside}, where others reach it: stop it, and start it by "
                "make run.",
            )


def _heard_at(process: Mapping[str, Any]) -> str:
    """Return an address a process listens on beyond this machine, none if there is none."""
    try:
        heard = psutil.Process(process["pid"]).net_connections("tcp")
    except psutil.Error:
        return ""
    listening = (one.laddr for one in heard if one.status == psutil.CONN_LISTEN and one.laddr)
    return next((where.ip for where in listening if where.ip not in LOOPBACK), "")


def _left(file: Path) -> Running:
    """Return who was started, as the supervisor wrote it down."""
    try:
        return dict(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def _lives(process: Mapping[str, Any]) -> bool:
    try:
        return bool(psutil.Process(process["pid"]).create_time() == process["started"])
    except psutil.Error:
        return False


def _answers(url: str) -> dict[str, Any] | None:
    """Return what one of our own health pages says, None if it is none of ours."""
    try:
        answer = httpx.get(url, timeout=PATIENCE, trust_env=False).json()
    except (httpx.HTTPError, ValueError):
        return None
    return answer if isinstance(answer, dict) else None
