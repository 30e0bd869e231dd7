"""A small action server that follows the convention of forms, and knows nothing else."""

import ast
from pathlib import Path
from typing import Any

from rasa.utils.endpoints import EndpointConfig

from tests.nlu.written import domain

FORMS = {name: form["required_slots"] for name, form in domain()["forms"].items()}


def constant(name: str) -> set[str]:
    """Read a table of the domain, which this Python cannot import."""
    files = ("actions/dialogue.py", "actions/intents.py")
    trees = (ast.parse(Path(file).read_text("utf-8")) for file in files)
    for node in (node for tree in trees for node in tree.body):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            words = [n.value for n in ast.walk(node.value) if isinstance(n, ast.Constant)]
            return {str(word) for word in words}
    raise LookupError(name)


READ_BY_FORMS = {"affirm", "deny", "choose", "go_back", "start_over"} | constant("DEEDS")
PASSING_FORMS, YIELDING_FORMS = map(constant, ("PASSING_FORMS", "YIELDING_FORMS"))
QUESTIONS, DEEDS = map(constant, ("QUESTIONS", "DEEDS"))


class Actions(EndpointConfig):
    """An action server that follows the convention of forms, and knows nothing else."""

    def __init__(self) -> None:
        super().__init__("http://nowhere", enable_selective_domain=True)
        self.called: dict[str, list[str]] = {}  # names of actions, for each sender

    async def request(self, *args: Any, **more: Any) -> Any:
        call = more["json"]
        name, tracker = call["next_action"], call["tracker"]
        self.called.setdefault(call["sender_id"], []).append(name)
        return {"events": self._events(name, tracker), "responses": []}

    def _events(self, name: str, tracker: dict[str, Any]) -> list[dict[str, Any]]:
        if name == "action_session_start":
            return [{"event": "session_started"}, {"event": "action", "name": "action_listen"}]
        slots = FORMS.get(name.removeprefix("validate_"))
        if slots and name.startswith("validate_"):
            return _filled(slots, tracker)
        form, intent = _form(tracker), tracker["latest_message"]["intent"]["name"]
        asks_on = name.startswith(f"action_ask_{form}") or intent not in QUESTIONS | DEEDS
        ends = not asks_on and (form in PASSING_FORMS or _gives_way(form, intent))
        return [NO_FORM, _set("requested_slot", None)] if ends else []


NO_FORM = {"event": "active_loop", "name": None}


def _form(tracker: dict[str, Any]) -> str:
    return str((tracker.get("active_loop") or {}).get("name"))


def _filled(slots: list[str], tracker: dict[str, Any]) -> list[dict[str, Any]]:
    asked = tracker["slots"].get("requested_slot")
    intent = tracker["latest_message"]["intent"]["name"]
    if asked in slots and _gives_way(_form(tracker), intent):
        return []
    if asked not in slots:
        return [_set(slots[0], None)]
    if intent == "start_over":
        return [_set(slot, None) for slot in slots]
    if intent == "go_back":
        before = slots[max(slots.index(asked) - 1, 0)]
        return [_set(asked, None), _set(before, None)]
    return [_set(asked, intent)] if intent in READ_BY_FORMS else []


def _gives_way(form: str, intent: str) -> bool:
    if intent in QUESTIONS:
        return form in PASSING_FORMS
    return intent in DEEDS and form in PASSING_FORMS | YIELDING_FORMS


def _set(slot: str, value: Any) -> dict[str, Any]:
    return {"event": "slot", "name": slot, "value": value}
