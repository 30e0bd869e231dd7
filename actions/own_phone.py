"""What is done on one's own phone alone: not on a screen that many use, one after the other.

Whoever comes next may look over a shoulder, and what is agreed to there is in nobody's name.
"""

from actions import conversations
from actions.channels import CHANNELS
from actions.conversations import Conversation
from actions.db import Db
from actions.errors import Refusal, TurnLost

# Taps and actions that show what we know of somebody, tie them to others, or agree for them.
OWN: frozenset[str] = frozenset(
    {"action_manage_my_data", "action_manage_household", "action_manage_checkin"}
    | {"action_report_neighbour", "action_relay_message", "action_manage_offer"}
    | {"validate_request_help_form", "validate_offer_help_form"}
    # own data and consents
    | {"give_consent", "list_consents", "withdraw_consent"}
    | {"export_my_data", "forget_me", "forget_me_surely"}
    # the household
    | {"household_invite", "household_code", "household_join", "household_more"}
    | {"household_leave", "household_leave_yes", "link_chat", "link_yes"}
    | {"acting_begin", "acting_whom", "acting_ask", "confirm_acting", "end_acting"}
    | {"acting_elder", "nickname_begin"}
    # neighbours
    | {"introduce_me", "agree_to_be_asked", "agree_to_meet", "show_offer", "claim_help"}
    | {"write_to_neighbour", "relay_to", "release_offer", "release_phone", "release_agree"}
    # the daily question
    | {"begin_check_in", "plan_check_in", "time_check_in", "family_check_in"}
    | {"agree_to_care", "worried_about"}
    # what is told later
    | {"subscribe_news", "unsubscribe_news", "weekly_news", "daily_news"}
)
# Deeds behind a form that has said so already.
BEHIND_A_FORM = frozenset({"action_request_help", "action_offer_help"})


def is_shared(channel: str) -> bool:
    """Whether a channel is a screen that many use."""
    return channel in CHANNELS and CHANNELS[channel].shared


def refuse(db: Db, conversation: Conversation, deed: str) -> None:
    """Refuse a deed that belongs on one's own phone, where many use one screen.

    Raises:
        Refusal: says so.
        TurnLost: the form before has said so.
    """
    if deed not in OWN | BEHIND_A_FORM:
        return
    if is_shared(conversations.channel_of(db, conversation)):
        raise Refusal("utter_own_phone") if deed in OWN else TurnLost(deed)
