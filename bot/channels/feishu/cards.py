"""Letters as Feishu shows them: words as a post, words with choices as a card with buttons.

A text message would take `<at>` and styles in residents' words for its own; the text of a post
and a card's plain_text are shown as they are. A button carries the opaque id of a choice, never
its words.
https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/im-v1/message/create_json
"""

import json
from typing import Any

from actions.conversations import Choice
from bot.channels.parts import label_of
from bot.channels.platform import Letter

Shown = tuple[str, str]  # the type of a message, and its content


def shown(letter: Letter) -> Shown:
    """Return the words of a letter, and the buttons under them."""
    return _card(letter) if letter.choices else _post(letter)


def image(key: str) -> Shown:
    """Return a picture that was uploaded."""
    return "image", _written({"image_key": key})


def _post(letter: Letter) -> Shown:
    lines = [[{"tag": "text", "text": line or " "}] for line in letter.text.splitlines()]
    return "post", _written({"zh_cn": {"title": "", "content": lines}})


def _card(letter: Letter) -> Shown:
    """Return a card that nobody can pass on: its buttons are for who reads it here."""
    words = {"tag": "div", "text": _plain(letter.text)}
    buttons = [_button(choice, letter.is_group) for choice in letter.choices]
    action = {"tag": "action", "layout": "flow", "actions": buttons}
    elements = [words, action] if letter.text.strip() else [action]
    config = {"wide_screen_mode": True, "enable_forward": False}
    return "interactive", _written({"config": config, "elements": elements})


def _button(choice: Choice, is_group: bool) -> dict[str, Any]:
    value = {"choice": choice.id, "group": is_group}
    return {
        "tag": "button",
        "text": _plain(label_of(choice)),
        "type": "default",
        "value": value,
    }


def _plain(text: str) -> dict[str, str]:
    return {"tag": "plain_text", "content": text}


def _written(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
