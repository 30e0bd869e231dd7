"""Reads what a partner reports.

Of the person only the partner's own word for them is kept, as a keyed hash: name, phone, email
and device are not read. A media_url is neither fetched nor kept.
"""

import hashlib
import hmac
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

from actions.governance import places
from actions.governance.partners import Brought
from actions.governance.service import Report, Where
from actions.people.model import ApiKey
from bot.channels.webchat import read_bounded
from bot.message import clean
from bot.open311.errors import Wrong
from bot.open311.services import service_of
from bot.visit import FORM
from knowledge.pack import Category, Pack

LONGEST = {"description": 4000, "address_string": 500}  # characters; others:
LONGEST_FIELD = 2000
MOST_FIELDS = 100
REPEAT_HEADER = "idempotency-key"
# How the endpoint describes the form to those who read its /openapi.json.
TAKEN = {
    "api_key": "of the partner",
    "service_code": "one of /services",
    "lat": "WGS-84, with long",
    "long": "WGS-84, with lat",
    "address_string": "where, in words",
    "address_id": "a place of the pack",
    "description": "what is wrong",
    "account_id": "the partner's own word for the person, kept as a keyed hash",
}
FORM_TAKEN: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            FORM: {
                "schema": {
                    "type": "object",
                    "required": ["api_key", "service_code"],
                    "properties": {
                        name: {"type": "string", "description": about}
                        for name, about in TAKEN.items()
                    },
                }
            }
        },
    }
}


@dataclass(frozen=True)
class Sent:
    """The fields of a form, cleaned; `repeat` is the client's mark of this one report."""

    fields: Mapping[str, str]
    repeat: str

    def get(self, name: str) -> str:
        """Return a field; an empty one counts as none."""
        return self.fields.get(name, "")

    @property
    def words(self) -> str:
        """All that was written about the problem."""
        answers = (v for name, v in self.fields.items() if name.startswith("attribute["))
        return "\n".join([self.get("description"), *answers, self.get("address_string")])


async def read(request: Request) -> Sent:
    """Read a form of bounded size.

    Raises:
        Wrong: 400, it is no form, or a field is too long.
        Problem: 413, the whole is too large.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise Wrong(400, "utter_open311_no_form")
    content = await read_bounded(request)
    try:
        pairs = parse_qsl(content.decode("utf-8", "replace"), max_num_fields=MOST_FIELDS)
    except ValueError:
        raise Wrong(400, "utter_open311_no_form") from None
    fields: dict[str, str] = {}
    for name, value in pairs:
        name = name.removesuffix("[]")  # several answers to one question
        fields[name] = ", ".join(filter(None, (fields.get(name), clean(value))))
    for name, value in fields.items():
        most = LONGEST.get(name, LONGEST_FIELD)
        if len(value) > most:
            raise Wrong(400, "utter_open311_too_long", field=name[:40], most=most)
    return Sent(fields, clean(request.headers.get(REPEAT_HEADER, ""))[:LONGEST_FIELD])


def brought(sent: Sent, *, pack: Pack, key: ApiKey, secret: str) -> Brought:
    """Make a report of a form.

    Raises:
        Wrong: 400 or 404, with the field that is missing or cannot be taken.
    """
    if not sent.get("service_code"):
        raise Wrong(400, "utter_open311_missing", field="service_code")
    category = service_of(pack, sent.get("service_code"))
    report = Report(category.service_code, _what(sent, category), _where(sent, pack))

    def hashed(*facts: str) -> str:
        said = "\n".join([str(key.id), *facts])
        return hmac.new(f"open311 {secret}".encode(), said.encode(), hashlib.sha256).hexdigest()

    return Brought(
        report,
        account=hashed("account", sent.get("account_id")),
        repeat=hashed("repeat", sent.repeat) if sent.repeat else None,
        content=hashed("content", sent.get("account_id"), repr(report)),
    )


def _what(sent: Sent, category: Category) -> str:
    """Return what is reported: the description, then the answers with their questions."""
    answers = []
    for question in category.questions:
        answer = sent.get(f"attribute[{question.id}]")
        if not answer and question.required:
            raise Wrong(400, "utter_open311_missing", field=f"attribute[{question.id}]")
        if answer:
            answers.append(f"{question.ask.zh} {answer}")
    return "\n".join([sent.get("description") or category.name.zh, *answers])


def _where(sent: Sent, pack: Pack) -> Where:
    """Return where it is: by a point, a place of ours, or words; all that was sent counts.

    Raises:
        Wrong: none was sent, it cannot be read, or it is not ours and then whose it is.
    """
    words, place_id = sent.get("address_string"), sent.get("address_id") or None
    if (elsewhere := places.outside(pack, words)) is not None:
        raise Wrong(400, "utter_problem_outside", say=elsewhere.say)
    if place_id and place_id not in pack.places:
        raise Wrong(400, "utter_open311_wrong", field="address_id")
    lat, lon = _degrees(sent, "lat", 90), _degrees(sent, "long", 180)
    at = _near(pack, lat, lon)
    if not words and not place_id and lat is None:
        raise Wrong(400, "utter_open311_missing", field="lat, long / address_string")
    told = places.by_words(pack, words)
    return Where(place_id or (told.id if told else at), words, lat, lon)


def _near(pack: Pack, lat: float | None, lon: float | None) -> str | None:
    """Return the place of ours that is near a point.

    Raises:
        Wrong: half of the point is missing, or it is far from every place of ours.
    """
    if lat is None and lon is None:
        return None
    if lat is None or lon is None:
        raise Wrong(400, "utter_open311_missing", field="lat" if lat is None else "long")
    near = places.nearest(pack, lat, lon)
    if near and near[1] > places.OURS_METRES:
        raise Wrong(400, "utter_open311_far")
    return near[0].id if near and near[1] <= places.NEAR_METRES else None


def _degrees(sent: Sent, name: str, most: int) -> float | None:
    written = sent.get(name)
    if not written:
        return None
    try:
        degrees = float(written)
    except ValueError:
        degrees = math.nan
    if not abs(degrees) <= most:  # nor is nan
        raise Wrong(400, "utter_open311_wrong", field=name)
    return degrees
