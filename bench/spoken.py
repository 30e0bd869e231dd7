"""Measures what becomes of spoken answers: `make bench-spoken RECORDINGS=folder`.

`python -m bench.spoken --phrases` prints what is to be said, one a line; the folder holds a
recording of each, `<phrase>.wav`, from whatever speaks. A choice is `taken` when the right one
is meant and taken for sure, `asked` when it is read back or a number is asked for, and `wrong`
when another one would be taken. Beside it the same where no answers are expected.
"""

import argparse
import asyncio
import io
import wave
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np

from actions.conversations import Choice
from bench.output import finish, following, say
from bot.app import open_ears
from bot.choices import resolve
from bot.settings import Settings
from bot.voice.answers import answers_to
from bot.voice.audio import RATE, Samples, Unheard, decode
from bot.voice.booth import Booth
from bot.voice.transcriber import Expected, Heard
from bot.voice.whisper import Whisper
from knowledge.pack import load_pack
from knowledge.text import normalise

Voice = Callable[[Samples], Samples]
NOISE = 0.015  # of full scale
AMONG = {True: "among the answers that wait", False: "whatever may be said"}


def _paced(pace: float) -> Voice:
    """Return a voice that is quicker and higher, or slower and lower."""
    return lambda samples: np.interp(
        np.arange(0, len(samples), pace), np.arange(len(samples)), samples
    ).astype(np.float32)


def _noisy(samples: Samples) -> Samples:
    noise = np.random.default_rng(7).normal(0, NOISE, len(samples))
    return np.clip(samples + noise, -1, 1).astype(np.float32)


VOICES: Mapping[str, Voice] = {
    "as it is": lambda samples: samples,
    "quicker": _paced(1.12),
    "slower": _paced(0.88),
    "noisy": _noisy,
}
DAYS = ("周六上午九点", "周日下午两点", "看别的")
YES_NO = ("对", "不对", "算了")
PLACES = ("厨房", "卫生间", "楼道")


@dataclass(frozen=True)
class Group:
    """Answers to one question: what is said → which choice it is, or "" for free words."""

    offered: tuple[str, ...]
    said: Mapping[str, str] = field(default_factory=dict)


def _numbers(*words: str, offered: tuple[str, ...]) -> dict[str, str]:
    return dict(zip(words, offered, strict=True))


GROUPS: Mapping[str, Group] = {
    "one syllable": Group(DAYS, _numbers("一", "二", "三", offered=DAYS)),
    "a number in words": Group(
        DAYS,
        _numbers("第一个", "第二个", "第三个", offered=DAYS)
        | _numbers("选一", "选二", "选三", offered=DAYS)
        | _numbers("我要第一个", "我要第二个", "我要第三个", offered=DAYS)
        | _numbers("一号", "二号", "三号", offered=DAYS),
    ),
    "the words themselves": Group(DAYS + PLACES, {words: words for words in (*DAYS, *PLACES)}),
    "yes and no": Group(YES_NO, {words: words for words in YES_NO}),
    "free words": Group(
        (),
        dict.fromkeys(
            (
                "我要报名书法课",
                "图书馆今天几点关门",
                "下一班公交车几点",
                "我家厨房的水管漏水了",
                "楼道里的灯坏了三天了",
                "帮我约明天上午的理发",
                "两个人去，我和我老伴",
                "我想取消星期六的太极拳",
                "我要找工作人员",
                "请再说一遍",
                "垃圾没有人收，味道很大",
                "我在七幢二单元三零一",
                "小孩放学以后可以去哪里",
                "社区食堂中午吃什么",
                "我想学用手机",
                "有人能陪我去医院吗",
            ),
            "",
        ),
    ),
}


def phrases() -> list[str]:
    """Return everything that is to be said."""
    return list(dict.fromkeys(words for group in GROUPS.values() for words in group.said))


def _outcome(heard: Heard | str, right: str, offered: Sequence[str]) -> str:
    """Say what would become of a spoken answer; `right` is the choice it is."""
    if isinstance(heard, str):
        return "asked"
    meant = resolve(heard.text, [Choice(label, "choose", label) for label in offered])
    if meant is None:
        return "not understood" if heard.sure else "asked"
    return "taken" if meant.label == right else "wrong"


def _likeness(heard: Heard | str, said: str) -> float:
    found = "" if isinstance(heard, str) else normalise(heard.text).strip("。，！？,.!? ")
    return SequenceMatcher(None, normalise(said), found, autojunk=False).ratio()


async def hear_all(
    whisper: Whisper, voice: Voice, folder: Path, among: bool
) -> dict[str, Heard | str]:
    """Hear every phrase in a voice, `among` the answers that wait; else why it was not."""
    heard: dict[str, Heard | str] = {}
    for group in GROUPS.values():
        answers = answers_to([(label, label) for label in group.offered], "zh") if among else {}
        for words in group.said:
            recording = voice(decode((folder / f"{words}.wav").read_bytes()))
            try:
                heard[words] = await whisper.hear(_as_wav(recording), Expected("zh", answers))
            except Unheard as unheard:
                heard[words] = unheard.why
    return heard


def _as_wav(samples: Samples) -> bytes:
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return written.getvalue()


def figures(heard: Mapping[str, Heard | str]) -> dict[str, object]:
    """Count by group what became of the answers, and how like free words were heard."""
    found: dict[str, object] = {}
    for name, group in GROUPS.items():
        if group.offered:
            outcomes = [
                _outcome(heard[words], right, group.offered)
                for words, right in group.said.items()
            ]
            found[name] = dict(Counter(outcomes))
        else:
            alike = [_likeness(heard[words], words) for words in group.said]
            found[name] = {
                "messages": len(alike),
                "likeness": round(sum(alike) / len(alike), 3),
                "without a fault": sum(one == 1 for one in alike),
            }
    return found


def main() -> None:
    """Hear the folder's recordings, as they are and varied."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phrases", action="store_true", help="print what is to be said")
    parser.add_argument("--recordings", type=Path)
    given = parser.parse_args()
    if given.phrases:
        print(*phrases(), sep="\n")
        return
    if not given.recordings:
        raise SystemExit("Name a folder of recordings: --recordings folder")
    missing = [words for words in phrases() if not (given.recordings / f"{words}.wav").exists()]
    if missing:
        raise SystemExit(f"{given.recordings}: no recording of {missing[0]}")
    settings = Settings()
    ears = open_ears(settings, load_pack(settings.community_dir), Booth())
    if ears is None:
        raise SystemExit("There is no recogniser: run make setup")
    found: dict[str, dict[str, object]] = {}
    try:
        for name in following(list(VOICES), "voices heard"):
            for among in (True, False):
                heard = asyncio.run(hear_all(ears, VOICES[name], given.recordings, among))
                for said, one in heard.items():
                    say(f"{said}: {one if isinstance(one, str) else one.text}")
                found.setdefault(AMONG[among], {})[name] = figures(heard)
    finally:
        ears.booth.close()
    finish(found)


if __name__ == "__main__":
    main()
