"""Engines of speech for the tests: small programs, each good or bad in its own way."""

import sys

from bot.voice.speaker import Command

# Says a tone of a second, longer with more text.
SPEAKS = """
import math, struct, sys, wave
text = sys.stdin.buffer.read().decode()
with wave.open(sys.stdout.buffer, "wb") as file:
    file.setnchannels(1), file.setsampwidth(2), file.setframerate(16000)
    file.writeframes(b"".join(
        struct.pack("<h", int(9000 * math.sin(at / 6))) for at in range(16000 + 100 * len(text))
    ))
"""
REPEATS = "import sys; sys.stdout.buffer.write(sys.argv[1].encode() + sys.stdin.buffer.read())"
HANGS = "import time; time.sleep(600)"
RUBBISH = "print('this is no recording' * 100)"
SILENT = ""
FAILS = f"{SPEAKS}\nsys.exit(3)"
ENDLESS = "import sys\nwhile True: sys.stdout.buffer.write(bytes(65536))"


def engine(program: str, within: float = 30.0) -> Command:
    return Command((sys.executable, "-c", program, "{language}"), within)
