"""What staff ask a reporter waits in the conversation: the next message is the answer."""

from datetime import datetime

from actions import expected
from actions.db import Db
from actions.governance.model import ServiceRequest

FORM = "add_to_request_form"
WHICH, WHAT = "add_which", "add_what"


def put(db: Db, request: ServiceRequest, *, now: datetime) -> bool:
    """Take what the reporter says next as the answer; False when they are busy otherwise."""
    slots = {WHICH: str(request.id), WHAT: None}
    return expected.expect(db, request.conversation_id, FORM, slots, now=now)


def take_back(db: Db, request: ServiceRequest) -> bool:
    """Wait for the answer no more; False when the conversation did not."""
    slots = {WHICH: str(request.id), WHAT: None}
    return expected.expect_no_more(db, request.conversation_id, FORM, slots)
