"""What surrounds the assistant: its Pythons, the disks, the clock, the certificate."""

import os
import re
import shutil
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.metadata import distributions
from pathlib import Path
from urllib.parse import urlsplit

from actions.backup import past
from bot.doctor.finding import Finding, Installation
from setup.environments import MAIN, RASA, Environment

PIN = re.compile(r"^([\w.-]+)==([^\s;+]+)", re.MULTILINE)
LEAST_ROOM = 2_000_000_000  # bytes: a backup, an index and a training need some
LEAST_FILES = 10_000
SLACK = timedelta(minutes=5)  # two clocks of one machine
SOON = timedelta(days=14)  # a certificate is renewed before
PATIENCE = 5  # s, for somebody else's server


def environments(_one: Installation) -> Iterator[Finding]:
    """Look whether both Pythons are there, with what their lists say."""
    for environment in (MAIN, RASA):
        yield from of_environment(environment)


def of_environment(environment: Environment) -> Iterator[Finding]:
    """Look at one of them."""
    name = environment.folder.name
    packages = next(environment.folder.glob("lib/python3.*/site-packages"), None)
    if packages is None or not environment.python.exists():
        yield Finding(
            f"缺少 Python 环境 {name}：请执行 make setup。",
            f"The environment {name} is missing: run make setup.",
        )
        return
    version, wanted = packages.parent.name.removeprefix("python"), environment.pythons[0]
    if version not in environment.pythons:
        yield Finding(
            f"{name} 用的是 Python {version}，应为 {wanted}：请删掉它，再执行 make setup。",
            f"{name} has Python {version}, not {wanted}: remove it and run make setup.",
        )
    if wrong := _differing(packages, environment.lock):
        yield Finding(
            f"{name} 里有 {len(wrong)} 个软件包与清单不同（{wrong[0]}）：请执行 make setup。",
            f"{len(wrong)} packages in {name} are not as listed ({wrong[0]}): run make setup.",
        )


def _differing(packages: Path, lock: Path) -> list[str]:
    """Return what is listed and not there in that version, as `name==version`."""
    there = {
        (_plain(found.metadata["Name"]), found.version.partition("+")[0])
        for found in distributions(path=[str(packages)])
    }
    listed = PIN.findall(lock.read_text(encoding="utf-8"))
    return [
        f"{name}=={version}" for name, version in listed if (_plain(name), version) not in there
    ]


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def disk(one: Installation) -> Iterator[Finding]:
    """Look for room where the assistant writes, and where its last backup went."""
    folders = [one.said.state_dir]
    if made := past.read(one.said.state_dir):
        folders.append(Path(made[-1].file).parent)
    for folder in dict.fromkeys(_nearest(folder) for folder in folders):
        free, left = shutil.disk_usage(folder).free, _files_left(folder)
        if free < LEAST_ROOM or left < LEAST_FILES:
            yield Finding(
                f"{folder} 所在的磁盘快满了（剩 {free / 1e9:.1f} GB，{left} 个文件）："
                "请腾出空间，旧备份可用 make backup KEEP=14 清理。",
                f"The disk of {folder} is nearly full ({free / 1e9:.1f} GB and {left} files "
                "left): make room; make backup KEEP=14 lets old backups go.",
            )


def _nearest(folder: Path) -> Path:
    """Return the folder, or the first above it that is there."""
    return next(
        place for place in (folder.absolute(), *folder.absolute().parents) if place.exists()
    )


def _files_left(folder: Path) -> int:
    there = os.statvfs(folder)
    return there.f_favail if there.f_files else LEAST_FILES  # some count none


def clock(one: Installation) -> Iterator[Finding]:
    """Look whether the machine's clock is behind what was written by it before."""
    now = one.machine.now()
    for file in (one.said.state_dir / "made.json", MAIN.lock):
        if file.exists():
            written = datetime.fromtimestamp(file.stat().st_mtime, UTC)
            if written > now + SLACK:
                yield Finding(
                    f"机器的时钟（{now:%Y-%m-%d %H:%M} UTC）比文件 {file.name} 的时间还早："
                    "请对时，例如 timedatectl set-ntp true。",
                    f"The machine's clock ({now:%Y-%m-%d %H:%M} UTC) is before {file.name} was "
                    "written: set it, as by timedatectl set-ntp true.",
                )
                return


def certificate(one: Installation) -> Iterator[Finding]:
    """Look how long the certificate of PUBLIC_URL is good, and whether others believe it."""
    address = urlsplit(one.said.public_url)
    if address.scheme != "https" or not address.hostname:
        return
    where = address.hostname
    try:
        until = _good_until(where, address.port or 443)
    except ssl.SSLCertVerificationError as refused:
        yield Finding(
            f"{where} 的证书不被信任（{refused.verify_message}）：请更换或续期。",
            f"The certificate of {where} is not trusted ({refused.verify_message}): renew it.",
        )
        return
    except OSError as away:
        yield Finding(
            f"从这台机器连不上 {where}（{type(away).__name__}），证书没有检查。",
            f"{where} cannot be reached from here ({type(away).__name__}); its certificate was "
            "not looked at.",
            urgent=False,
        )
        return
    if until < one.machine.now() + SOON:
        yield Finding(
            f"{where} 的证书 {until:%Y-%m-%d} 到期：请续期。",
            f"The certificate of {where} ends on {until:%Y-%m-%d}: renew it.",
        )


def _good_until(host: str, port: int) -> datetime:
    context = ssl.create_default_context()
    with (
        socket.create_connection((host, port), PATIENCE) as plain,
        context.wrap_socket(plain, server_hostname=host) as secured,
    ):
        shown = secured.getpeercert() or {}
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(shown["notAfter"])), UTC)
