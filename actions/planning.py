"""The message budget: which notices go at once, which by day, which are told together.

Whoever waits for an answer gets it. What nobody waits for wakes nobody, comes once a day at
most, and leaves what a platform lets us write to what matters.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from actions.quiet import quiet_ends
from actions.sending import Priority


class Kind(StrEnum):
    """How much a notice matters at this moment."""

    ANSWER = "answer"  # to what somebody said or did, and whatever a person wrote to them
    URGENT = "urgent"  # somebody may be in need, is on the way, or has until then to answer
    REMINDER = "reminder"  # now or never
    NEWS = "news"  # of their own matters
    CAN_WAIT = "can_wait"  # nobody misses it for a day


@dataclass(frozen=True)
class Rule:
    """What becomes of a kind of notice.

    `priority`: what goes before it. `wakes`: it is told in the quiet hours, too. `leaves`: of
    the messages a platform lets us write, so many are left to others. `daily`: a person is told
    one a day at most, and all that waits in one message.
    """

    priority: Priority
    wakes: bool
    leaves: int
    daily: bool = False


RULES: Mapping[Kind, Rule] = {
    Kind.ANSWER: Rule(Priority.REPLY, wakes=True, leaves=0),
    Kind.URGENT: Rule(Priority.REPLY, wakes=True, leaves=0),
    Kind.REMINDER: Rule(Priority.NOTICE, wakes=False, leaves=1),
    Kind.NEWS: Rule(Priority.NOTICE, wakes=False, leaves=2),
    Kind.CAN_WAIT: Rule(Priority.NOTICE, wakes=False, leaves=3, daily=True),
}
STAFF = ["utter", "staff"]  # begins what staff are told: their chats have hours of their own

_OF: Mapping[Kind, tuple[str, ...]] = {
    Kind.ANSWER: (
        "",  # words somebody wrote
        *("utter_returned", "utter_returned_unanswered", "utter_link_other_chat"),
        *("utter_request_question", "utter_request_told", "utter_report_dealt_with"),
        *("utter_release_seen", "utter_release_not_wanted"),
    ),
    Kind.URGENT: (
        *("utter_check_in_ask", "utter_check_in_ask_late", "utter_check_in_remind"),
        *("utter_check_in_family_emergency", "utter_check_in_family_silent"),
        *("utter_check_in_family_unwell", "utter_check_in_family_answered"),
        *("utter_check_in_family_declined",),
        *("utter_offer", "utter_draw_won"),  # there is a time to answer by
        *("utter_help_asked",),
        *("utter_help_coming", "utter_help_arrived", "utter_help_arrived_careful"),
        *("utter_help_helper_gone", "utter_help_helper_gone_over", "utter_help_missed"),
        *("utter_help_called_off", "utter_help_nobody_yet", "utter_parted_asker_late"),
        *("utter_helper_left", "utter_helper_left_late"),
        *("utter_help_expired", "utter_release_offered_door", "utter_release_offered_phone"),
        *("utter_session_moved", "utter_waiting_moved", "utter_draw_moved"),
        *("utter_session_called_off", "utter_visit_approved", "utter_visit_declined"),
        *("utter_news_urgent", "utter_news_corrected"),  # those who send it keep the night
    ),
    Kind.REMINDER: ("utter_booking_reminder", "utter_theirs_reminder"),
    Kind.NEWS: (
        *("utter_request_acknowledged", "utter_request_in_progress", "utter_request_replied"),
        *("utter_request_declined", "utter_request_reopened", "utter_request_resolved"),
        *("utter_request_resolved_told", "utter_request_reopened_told"),
        *("utter_request_categorised", "utter_request_merged", "utter_request_split"),
        *("utter_request_assigned", "utter_request_raised", "utter_request_unconfirmed"),
        *("utter_request_ask_solved", "utter_request_shown_no_more", "utter_requests_news"),
        *("utter_request_withdrawn", "utter_theirs_filed", "utter_theirs_withdrawn"),
        *("utter_theirs_booked",),
        *("utter_theirs_waiting", "utter_theirs_drawn", "utter_theirs_taken_back"),
        *("utter_theirs_refused", "utter_offer_expired", "utter_draw_lost"),
        *("utter_draw_lost_at_all", "utter_draw_not_held"),
        *("utter_help_approved", "utter_help_declined", "utter_help_found_other"),
        *("utter_help_asked_for_you", "utter_help_taken_back", "utter_help_is_another"),
        *("utter_help_done_asker", "utter_help_done_helper"),
        *("utter_parted_asker", "utter_parted_helper"),
        *("utter_offer_verified", "utter_offer_unverified"),
        *("utter_acting_asked", "utter_acting_agreed", "utter_acting_declined"),
        *("utter_acting_ended_for", "utter_acting_ended_by", "utter_acting_over_left"),
        *("utter_check_in_family_named", "utter_check_in_family_left", "utter_check_in_over"),
        *("utter_care_warned", "utter_care_suspended", "utter_meet_introduced"),
        *("utter_elder_mode_on_by_family", "utter_elder_mode_off_by_family"),
        *("utter_elder_mode_on_by_staff", "utter_elder_mode_off_by_staff"),
        *("utter_recall", "utter_recall_timetable", "utter_recall_activity"),
        *("utter_waitlist_booked", "utter_help_found", "utter_help_taken_on"),  # of before
    ),
    Kind.CAN_WAIT: (
        *("utter_help_thanked", "utter_household_grown", "utter_met_left"),
        *("utter_meet_asked_village", "utter_meet_asked_town", "utter_meet_came_to_nothing"),
        *("utter_roundtable_yours", "utter_roundtable_result", "utter_news_digest"),
    ),
}
KINDS: Mapping[str, Kind] = {
    response: kind for kind, responses in _OF.items() for response in responses
}


def is_for_staff(response: str) -> bool:
    """Whether a response is told to staff, and to no resident."""
    return response.split("_")[:2] == STAFF


def kind_of(response: str) -> Kind:
    """Return how much a notice matters; one that is not named counts as news, and warns."""
    if is_for_staff(response):
        return Kind.URGENT
    if response not in KINDS:
        warnings.warn(f"nobody said how much {response} matters", stacklevel=2)
    return KINDS.get(response, Kind.NEWS)


def may_go_at(
    kind: Kind,
    *,
    now: datetime,
    zone: tzinfo,
    told_at: datetime | None = None,
    stale_at: datetime | None = None,
) -> datetime:
    """Return when a notice that is due may be told: at this moment, or later.

    `told_at` is when they were last told something that could wait. Better woken than told
    too late, from `stale_at` on.
    """
    rule = RULES[kind]
    day = quiet_ends(now, zone)
    at = now if rule.wakes or (stale_at is not None and stale_at <= day) else day
    if rule.daily and told_at is not None and _is_one_day(told_at, at, zone):
        return quiet_ends(_next_day(at, zone), zone)
    return at


def fits(kind: Kind, writes_left: int | None) -> bool:
    """Whether a notice may take one of the messages we may still write; None: no limit."""
    return writes_left is None or writes_left > RULES[kind].leaves


def goes_with(kind: Kind, other: Kind, *, is_scarce: bool) -> bool:
    """Whether two notices are told in one message: such as can wait, or wherever it saves one.

    `is_scarce`: the platform lets us write a few messages only.
    """
    together = {Kind.CAN_WAIT, Kind.NEWS, Kind.REMINDER} if is_scarce else {Kind.CAN_WAIT}
    return {kind, other} <= together


def _is_one_day(one: datetime, other: datetime, zone: tzinfo) -> bool:
    return one.astimezone(zone).date() == other.astimezone(zone).date()


def _next_day(moment: datetime, zone: tzinfo) -> datetime:
    local = moment.astimezone(zone)
    return (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
