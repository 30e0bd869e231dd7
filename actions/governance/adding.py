"""add_to_request_form: which request, and the words or photos to be added, or an answer.

It may have been begun by a question of staff: then whatever is not plainly something else is
the answer, and a wish for something else is heard first.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

from rasa_sdk.interfaces import Action

from actions import confirming
from actions.dialogue import (
    SKIPPED,
    DoDeed,
    Events,
    Form,
    Ground,
    Step,
    Turn,
    clear,
)
from actions.errors import Refusal
from actions.governance import categories, history, own, reporting, showing
from actions.governance.forms import ASKS, read_where, where_shown
from actions.governance.history import question_of
from actions.governance.model import ServiceRequest
from actions.governance.questions import FORM, WHAT, WHICH
from actions.governance.reference import without_reference
from actions.governance.service import Where
from actions.intents import DEEDS, QUESTIONS, SURE, WAYS_OUT
from knowledge.text import normalise

NOTHING = "nothing"  # there is nothing to add to
CONFIRM = "add_confirm"  # asked of elders alone
SLOTS = (WHICH, WHAT, CONFIRM)
SAY = "say:"  # begins the value of a choice that is words to be added

# What says that something is to be added, and nothing of what.
LEAD = re.compile(
    r"^(?:我|再|还|要|想|来|给|帮我|麻烦|请|对|往|在|里|把|补充|追加|补|添加|加上|加进|加|回答|回复|答复"
    r"|一句话|一句|一点|一下|几句|几张|一张|张|条|点|个|到|的|说明|情况|内容|材料|照片|图片|上次|刚才|之前|前天|昨天"
    r"|报|反映|那个|那件|那|这个|这件|事情|事|工单|编号|上去|进去|[，,。：:；;\s-]"
    r"|(?:i|want|would|like|to|please|can|could|add|attach|append|more|another|some|a|line|"
    r"photos?|pictures?|details?|note|information|something|my|the|last|earlier|request|report|"
    r"about|answer|reply|for|on|one|thing)\b)+",
    re.IGNORECASE,
)
ENOUGH = 4  # characters that are left say something
SHOWS = frozenset({"greet", "thank", "goodbye", "check_request", "ask_help"})
SAYS_MORE = frozenset({"add_to_request", "correct_place"})
LEFT = re.compile(
    r"(?:算了|取消|不(?:用|想)?(?:回答|答|补充|说|加)了?|退出|停"
    r"|cancel|stop|never ?mind|forget it)"
)


class AddToRequestForm(Form):
    """Takes what a resident says as what they add; a question in between is answered."""

    form = FORM

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground)
        self.steps = (
            Step(WHICH, ask_which, read_which),
            Step(WHAT, ask_what, read_what),
            Step(CONFIRM, ask_confirm, confirming.read),
        )

    def _begin(self, turn: Turn) -> dict[str, Any]:
        if not any(fits(turn, one) for one in own.everything(turn)):
            return {WHICH: NOTHING, WHAT: SKIPPED, CONFIRM: SKIPPED}
        begun: dict[str, Any] = {WHICH: None, WHAT: None, CONFIRM: None}
        try:
            request = own.first_meant(turn, partial(fits, turn), partial(why, turn))
            begun[WHICH] = str(request.id) if request else None
            begun[WHAT] = _said(turn)
        except Refusal as refusal:
            turn.say(refusal.response, **refusal.details)
        return begun | confirming.step(turn, CONFIRM)

    def _listen(self, turn: Turn, asked: Step) -> dict[str, Any]:
        heard = super()._listen(turn, asked)
        return heard | confirming.step(turn, CONFIRM) if heard else {}


def fits(turn: Turn, request: ServiceRequest) -> bool:
    """Whether whoever writes may add to it."""
    return own.reported(turn, request) and request.status in reporting.ADDABLE


def why(turn: Turn, request: ServiceRequest) -> Refusal:
    """Return why they may not."""
    over = own.reported(turn, request)
    response = "utter_request_over" if over else "utter_request_of_neighbour"
    return Refusal(response, reference=request.reference)


def ask_which(turn: Turn) -> None:
    """Ask to which request, newest first."""
    addable = (one for one in own.everything(turn) if fits(turn, one))
    showing.several(turn, addable, "utter_ask_add_which", "choose")


def read_which(turn: Turn) -> str | None:
    """Take the request that was tapped or named.

    Raises:
        Refusal: it is none of theirs, or over.
    """
    found = own.named(turn, partial(fits, turn), partial(why, turn))
    return str(found.id) if found else None


def ask_what(turn: Turn) -> None:
    """Ask what to add; of what staff have asked, the question is said again."""
    request = own.of_id(turn, turn.slots.get(WHICH))
    if request is None:
        turn.say("utter_request_gone")
        return
    told = showing.described(turn, request)
    question = question_of(turn.db, request)
    if question:
        turn.say("utter_ask_answer", question=question, **told)
    else:
        turn.say("utter_ask_add_what", **told)


def read_what(turn: Turn) -> dict[str, Any] | None:
    """Take words, photos and a shared place, unless it plainly is about something else.

    Raises:
        Refusal: the place is far outside.
    """
    added = _attached(turn)
    text = turn.text.strip()
    if not text:
        return added or None
    if turn.choice is not None:
        words = turn.choice.removeprefix(SAY)
        return {"words": words} if turn.choice.startswith(SAY) else None
    return added | {"words": text} if _is_answer(turn) else None


def ask_confirm(turn: Turn) -> None:
    """Read an elder back what is added to what."""
    request, added = own.of_id(turn, turn.slots.get(WHICH)), turn.slots.get(WHAT)
    if request is None or not isinstance(added, Mapping):
        turn.say("utter_request_gone")
        return
    words = confirming.shorten(str(added.get("words") or ""))
    what = words or showing.line(turn, "utter_added_no_words")
    turn.say("utter_ask_add_confirm", what=what, **showing.described(turn, request))


class AddToRequest(DoDeed):
    """action_add_to_request: adds it, and says who sees it by when."""

    form_slots = SLOTS

    def name(self) -> str:
        return "action_add_to_request"

    def act(self, turn: Turn) -> Events:
        added = turn.slots.get(WHAT)
        if turn.slots.get(WHICH) == NOTHING:
            raise Refusal("utter_nothing_to_add_to")
        if not isinstance(added, Mapping):
            raise Refusal("utter_nothing_to_add")
        if turn.slots.get(CONFIRM) == confirming.NO:
            raise Refusal("utter_nothing_added")
        return self._add(turn, added)

    def _add(self, turn: Turn, added: Mapping[str, Any]) -> Events:
        request = own.of_id(turn, turn.slots.get(WHICH))
        if request is None:
            raise Refusal("utter_request_gone")
        history.alone(turn.db, request)
        asked, words = request.paused_at is not None, str(added.get("words") or "")
        if where := added.get("where"):
            place = Where(**where)
            words = words or turn.wording.shown(where_shown(turn.pack, place), "zh")
            reporting.put_right(
                turn.db,
                turn.pack,
                request,
                resident_id=turn.resident_id,
                where=place,
                now=turn.now,
            )
        reporting.add(
            turn.db,
            turn.pack,
            request,
            resident_id=turn.resident_id,
            words=words,
            photos=added.get("photos") or (),
            now=turn.now,
        )
        response = "utter_request_answered" if asked else "utter_request_added"
        turn.tell(response, **showing.described(turn, request))
        return clear(self.form_slots)


class StopAdding(AddToRequest):
    """action_stop_adding: nothing is added; but 不用了, asked by staff, is an answer."""

    def name(self) -> str:
        return "action_stop_adding"

    def act(self, turn: Turn) -> Events:
        request = own.of_id(turn, turn.slots.get(WHICH))
        said = normalise(turn.text).strip(" .!。！")
        asked = request is not None and request.paused_at is not None
        if asked and turn.text and not LEFT.fullmatch(said):
            return self._add(turn, {"words": turn.text.strip()})
        turn.tell("utter_nothing_added")
        return clear(self.form_slots)


def actions(ground: Ground) -> list[Action]:
    """Make the form, its questions and its deeds."""
    form = AddToRequestForm(ground)
    return [form, *form.questions(), AddToRequest(ground), StopAdding(ground)]


def _said(turn: Turn) -> dict[str, Any] | None:
    """Return what the first message adds, beside saying that something is to be added."""
    added = _attached(turn)
    if turn.choice is not None:
        return added or None
    rest = LEAD.sub("", without_reference(LEAD.sub("", turn.text.strip()))).strip()
    if len(rest) < ENOUGH:
        return added or None
    return added | {"words": rest}


def _attached(turn: Turn) -> dict[str, Any]:
    photos = [a.upload_id for a in turn.attachments if a.kind == "photo" and a.upload_id]
    added: dict[str, Any] = {"photos": photos} if photos else {}
    if any(attached.kind == "location" for attached in turn.attachments):
        where = read_where(turn)
        added |= {"where": asdict(Where(**where))} if where else {}
    return added


def _is_answer(turn: Turn) -> bool:
    """Whether a message is what was asked for, and not a wish, a way out or a real question."""
    request = own.of_id(turn, turn.slots.get(WHICH))
    if turn.intent in {"affirm", "deny"}:
        return request is not None and request.paused_at is not None
    if turn.confidence < SURE:
        return True
    if turn.intent == "report_problem":
        return not _tells_another(turn, request)
    if turn.intent == "out_of_scope" or turn.intent in QUESTIONS - SHOWS:
        return ASKS.search(turn.text) is None
    return turn.intent in SAYS_MORE or turn.intent not in SHOWS | WAYS_OUT | DEEDS


def _tells_another(turn: Turn, request: ServiceRequest | None) -> bool:
    """Whether it is another problem: of a kind that is clear, or only said to be one."""
    pack, sorter = turn.pack, turn.ground.sorter
    if not categories.tells(pack, turn.text, sorter):
        return not categories.OPENINGS.sub("", normalise(turn.text)).strip()
    kind = categories.guess(pack, turn.text, sorter)
    own_kind = {categories.OTHER, request.category_id if request else None}
    return kind is not None and kind.service_code not in own_kind
