"""Turns what went wrong during set-up into one plain sentence that says what to do."""

import platform
import re
import shutil
from pathlib import Path

LINES_SHOWN = 6  # of a command that failed in a way not in the table
NEEDED_SPACE = 7_000_000_000  # both environments, their caches, the encoder

NO_NETWORK = (
    "连不上软件包仓库：请检查网络或代理后重试（也可用 pip 的镜像设置）。"
    "The package registry cannot be reached: check the network or proxy, then try again."
)
NO_COMPILER = (
    "有一个软件包需要编译器：请先安装，例如 apt install build-essential，然后重试。"
    "A package needs a C compiler: install one (apt install build-essential), then try again."
)
DISK_FULL = (
    "磁盘空间不足：请腾出至少 7 GB 后重试。"
    "The disk is full: free at least 7 GB, then try again."
)
WRONG_PYTHON = (
    "没有合适的 Python：请装好 3.10 和 3.11，或用 PYTHON310= 和 PYTHON311= 指明位置。"
    "No suitable Python: install 3.10 and 3.11, or name them with PYTHON310= and PYTHON311=."
)
NO_MEMORY = (
    "内存不够：请关掉一些程序，留出约 3 GB 后重试。"
    "Memory ran out: close some programs (about 3 GB is needed), then try again."
)
NOT_ALLOWED = (
    "没有写入权限：请在自己拥有的文件夹里运行。"
    "Writing was not permitted: run this in a folder you own."
)
NOT_LINUX = (
    "目前只支持 64 位 Linux（x86-64）；其他系统请用虚拟机或容器。"
    "Only Linux on x86-64 is supported; elsewhere use a virtual machine or a container."
)

HALF_RESTORED = (
    "{0} 里的恢复没有完成：请再执行一次 make restore FILE=…，会从头来过。"
    "A restore into {0} has not come to its end: run make restore FILE=… again, it begins anew."
)

# What a tool prints when it fails → what to say. The first row that is found counts.
SIGNS: tuple[tuple[str, str], ...] = (
    (r"No space left on device|Errno 28|disk quota exceeded", DISK_FULL),
    (r"command '?\S*(gcc|cc|g\+\+)\S*'? failed|compiler .*not found|Failed to build",
     NO_COMPILER),
    (r"No interpreter found|No download found for request|requires-python|"
     r"ensurepip is not available", WRONG_PYTHON),
    (r"dns error|name resolution|Network is unreachable|Connection (refused|reset)|"
     r"[Cc]ould not connect|error sending request|timed out|Failed to fetch|Failed to download|"
     r"No matching distribution|ProxyError|Max retries", NO_NETWORK),
    (r"MemoryError|Cannot allocate memory|std::bad_alloc", NO_MEMORY),
    (r"Permission denied|Errno 13|Read-only file system", NOT_ALLOWED),
)  # fmt: skip


class SetupFailed(Exception):
    """Set-up cannot go on; the message is the sentence to show."""

    exit_code = 1


def explain(step: str, output: str, exit_code: int, log: Path) -> str:
    """Return the sentence for a step that ended with this exit code and output."""
    for sign, sentence in SIGNS:
        if re.search(sign, output):
            return f"{sentence} ({step}; {log})"
    if exit_code == -9:
        return f"{NO_MEMORY} ({step}; {log})"
    last = "\n".join(output.strip().splitlines()[-LINES_SHOWN:])
    return (
        f"{last}\n\n「{step}」没有完成，原因见上，全文在 {log}。"
        f"The step “{step}” did not finish; the reason is above, the whole in {log}."
    )


def check_machine(root: Path, space: int = NEEDED_SPACE) -> None:
    """Refuse early on a machine that cannot run the assistant.

    Raises:
        SetupFailed: not Linux x86-64, or the disk has no room for what is to be installed.
    """
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise SetupFailed(NOT_LINUX)
    if shutil.disk_usage(root).free < space:
        raise SetupFailed(DISK_FULL)
