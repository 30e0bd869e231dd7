"""Payloads nobody has thought of, for the parser of every channel.

Real payloads are bent: parts left out, doubled, swapped, nested, made of another type, cut. A
parser may read such a thing or say that it cannot, by its own error; anything else is counted.
A channel joins by a row in `PARSERS`. Last line: one JSON; `unhandled` is 0 when the promise
was kept. The naive way, which believes what it is given, runs too and must fail.
"""

import copy
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from defusedxml.ElementTree import fromstring

from bench.drills.verdict import Verdict, arguments, conclude
from bench.output import following, say
from bot.channels.calls import Unreadable
from bot.channels.dingtalk import reading as dingtalk
from bot.channels.dingtalk import shapes as dingtalk_shapes
from bot.channels.feishu import reading as feishu
from bot.channels.feishu import shapes as feishu_shapes
from bot.channels.telegram import reading, shapes
from bot.channels.telegram.addressed import Me
from bot.channels.wechat import reading as wechat
from bot.channels.wecom import reading as wecom

SOMETHING: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, -(2**70), 1e308, float("nan"), 0.1),
    *("", " ", "\x00", "\ud83d", "\udc00x", "null", "😀" * 50, "x" * 20_000, "<b>&_*"),
    *([], {}, [[]], [None], {"": None}, ["x"] * 600, {"id": "7"}, [{"type": "mention"}]),
)
DEEP = 1500  # levels: more than any reader follows
BENDS = 3  # at most, of one payload
INWARD = 0.85  # how often a bend goes one level further in


@dataclass(frozen=True)
class Parser:
    """How a channel reads a body, the errors by which it may refuse, and real payloads.

    `naive` reads as one would who trusts the platform; `write` makes the body of a payload.
    """

    read: Callable[[bytes], object]
    naive: Callable[[bytes], object]
    refuses: tuple[type[Exception], ...]
    payloads: Callable[[], list[Any]]
    write: Callable[[Any], bytes] = lambda made: json.dumps(made).encode()


ME = Me(6839275410, "xiaoli_guali_bot")


def _read_telegram(content: bytes) -> object:
    return reading.read(shapes.parse(content), ME)


def _trust_telegram(content: bytes) -> object:
    said = json.loads(content)["message"]
    return said["chat"]["id"], said.get("text", "").strip()


def _json_files(folder: str) -> list[Any]:
    return [json.loads(file.read_text("utf-8")) for file in sorted(Path(folder).glob("*.json"))]


def _trust_xml(content: bytes) -> object:
    told = _fields_of(content)
    return told["FromUserName"], told["MsgId"], told["Content"].strip()


def _fields_of(content: bytes) -> dict[str, str]:
    return {field.tag: field.text or "" for field in fromstring(content)}


def _xml_files(folder: str) -> list[Any]:
    return [_fields_of(file.read_bytes()) for file in sorted(Path(folder).glob("*.xml"))]


def _as_xml(made: Any) -> bytes:
    """Write fields as XML, whatever has become of them; names and texts are not escaped."""
    return f"<xml>{_inside(made)}</xml>".encode(errors="replace")


def _inside(made: Any) -> str:
    if isinstance(made, dict):
        return "".join(f"<{name}>{_inside(one)}</{name}>" for name, one in made.items())
    if isinstance(made, list):
        return "".join(f"<item>{_inside(one)}</item>" for one in made)
    return str(made)


ROBOT = feishu.Me("cli_9f5343c580712544", "ou_7d8a6e6df7621556ce0d21922b676706")


def _read_feishu(content: bytes) -> object:
    """Read an event as one that answers us, and is of a group as well as may be."""
    event = feishu_shapes.event_of(feishu_shapes.call_of(content))
    asked = feishu.is_of_group(event), feishu.answered_in(event)
    return asked, feishu.read(event, ROBOT, "ours")


def _trust_feishu(content: bytes) -> object:
    said = json.loads(content)["event"]["message"]
    return said["chat_id"], json.loads(said["content"])["text"].strip()


def _feishu_events() -> list[Any]:
    """Return events with their content opened, to be bent too."""
    made = _json_files("tests/bot/channels/feishu/events")
    for said in (one["event"].get("message", {}) for one in made):
        if said.get("content", "").startswith("{"):
            said["content"] = json.loads(said["content"])
    return made


def _as_event(made: Any) -> bytes:
    """Write an event, its content as JSON in a text where that is still where it was."""
    event = made.get("event") if isinstance(made, dict) else None
    said = event.get("message") if isinstance(event, dict) else None
    if isinstance(said, dict) and isinstance(said.get("content"), dict):
        said["content"] = json.dumps(said["content"])
    return json.dumps(made).encode()


def _read_page(content: bytes) -> object:
    told = json.loads(content)
    return wecom.read_page(told) if isinstance(told, dict) else None


def _trust_dingtalk(content: bytes) -> object:
    told = json.loads(content)
    return told["conversationId"], told["senderStaffId"], told["text"]["content"].strip()


def _trust_frame(content: bytes) -> object:
    told = json.loads(content)
    return told["headers"]["messageId"], json.loads(told["data"])["opaque"]


PARSERS: Mapping[str, Parser] = {
    "dingtalk": Parser(
        read=dingtalk.read,
        naive=_trust_dingtalk,
        refuses=(Unreadable,),
        payloads=lambda: _json_files("tests/bot/channels/dingtalk/messages"),
    ),
    "dingtalk-frame": Parser(
        read=dingtalk_shapes.frame,
        naive=_trust_frame,
        refuses=(Unreadable,),
        payloads=lambda: _json_files("tests/bot/channels/dingtalk/frames"),
    ),
    "telegram": Parser(
        read=_read_telegram,
        naive=_trust_telegram,
        refuses=(Unreadable,),
        payloads=lambda: _json_files("tests/bot/channels/telegram/updates"),
    ),
    "wechat": Parser(
        read=wechat.read,
        naive=_trust_xml,
        refuses=(Unreadable,),
        payloads=lambda: _xml_files("tests/bot/channels/wechat/payloads"),
        write=_as_xml,
    ),
    "wecom": Parser(
        read=wecom.read_call,
        naive=_trust_xml,
        refuses=(Unreadable,),
        payloads=lambda: _xml_files("tests/bot/channels/wecom/payloads"),
        write=_as_xml,
    ),
    "feishu": Parser(
        read=_read_feishu,
        naive=_trust_feishu,
        refuses=(Unreadable,),
        payloads=_feishu_events,
        write=_as_event,
    ),
    "wecom-page": Parser(
        read=_read_page,
        naive=lambda content: [one["msgid"] for one in json.loads(content)["msg_list"]],
        refuses=(Unreadable, ValueError, RecursionError),  # the answer's JSON itself
        payloads=lambda: _json_files("tests/bot/channels/wecom/payloads"),
    ),
}


def bent(
    payload: Any, chance: random.Random, write: Callable[[Any], bytes] = Parser.write
) -> bytes:
    """Return a payload as it should never arrive."""
    made = json.loads(json.dumps(payload))
    for _ in range(chance.randint(1, BENDS)):
        made = _bend(made, chance)
    content = write(made)
    match chance.randint(0, 19):
        case 0:
            return content[: chance.randrange(len(content) + 1)]
        case 1:
            at = chance.randrange(len(content) + 1)
            return content[:at] + chance.randbytes(3) + content[at:]
        case 2:
            return b'{"update_id": 1, "message": ' + b'{"reply_to_message": ' * DEEP + content
    return content


def _bend(made: Any, chance: random.Random) -> Any:
    """Change one part, most often one far inside."""
    if not isinstance(made, dict | list) or not made:
        return copy.deepcopy(chance.choice(SOMETHING))
    keys = list(made) if isinstance(made, dict) else list(range(len(made)))
    inner = [key for key in keys if isinstance(made[key], dict | list) and made[key]]
    if inner and chance.random() < INWARD:
        key = chance.choice(inner)
        made[key] = _bend(made[key], chance)
        return made
    key = chance.choice(keys)
    match chance.randint(0, 4):
        case 0:
            del made[key]
        case 1:
            made[key] = copy.deepcopy(made[chance.choice(keys)])
        case 2:
            made[key] = chance.choice([[made[key]], {"x": made[key]}, json.dumps(made[key])])
        case _:
            made[key] = copy.deepcopy(chance.choice(SOMETHING))
    return made


@dataclass
class Figures:
    """What came of a number of payloads."""

    read: int = 0
    refused: int = 0
    unhandled: int = 0
    naive_unhandled: int = 0
    worst: str = ""  # the first kind of error that was not handled


def fuzz(parser: Parser, cases: int, *, seed: int) -> Figures:
    """Give a parser so many bent payloads."""
    chance, payloads, found = random.Random(seed), parser.payloads(), Figures()
    for _ in following(range(cases), "payloads"):
        content = bent(chance.choice(payloads), chance, parser.write)
        try:
            parser.read(content)
            found.read += 1
        except parser.refuses:
            found.refused += 1
        except Exception as error:
            found.unhandled += 1
            found.worst = found.worst or f"{type(error).__name__}: {content[:200]!r}"
        try:
            parser.naive(content)
        except Exception:
            found.naive_unhandled += 1
    return found


def main() -> None:
    """Run every parser, or the one that is named."""
    parser = arguments(__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--channel", choices=sorted(PARSERS), default="")
    said = parser.parse_args()
    chosen = [said.channel] if said.channel else sorted(PARSERS)
    figures = {}
    for name in chosen:
        say(f"{name}: {said.cases} payloads")
        figures[name] = fuzz(PARSERS[name], said.cases, seed=said.seed)
    unhandled = sum(one.unhandled for one in figures.values())
    naive = [one.naive_unhandled for one in figures.values()]
    cases = said.cases * len(chosen)
    figure = f"{cases} payloads: {unhandled} unhandled; {sum(naive)} by who trusts what comes"
    conclude(
        {"cases": cases, "unhandled": unhandled, "channels": _told(figures)},
        P8=Verdict(unhandled == 0, cases, figure, all(naive)),
    )


def _told(figures: Mapping[str, Figures]) -> dict[str, dict[str, Any]]:
    return {name: vars(one) for name, one in figures.items()}


if __name__ == "__main__":
    main()
