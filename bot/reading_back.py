"""What a tap does is said to an elder first, who answers 对 or 不对: it may have slipped.

Every deed of one tap is in one of the three tables.
"""

from actions.conversations import SURE, Choice, Conversation

# Nothing is done yet: these show something, or ask themselves.
SHOW = frozenset(
    {"acting_begin", "acting_whom", "ask_pause_check_in", "begin_check_in", "change_offer"}
    | {"elder_no", "family_check_in", "forget_me", "household_code", "household_leave"}
    | {"household_more", "list_consents", "need_again", "need_change_what", "need_change_when"}
    | {"need_show", "need_withdraw", "nickname_begin", "nickname_skip", "offer_help"}
    | {"pause_check_in", "question_roundtable", "relay_to", "report_neighbour"}
    | {"show_blocks", "show_offer", "time_check_in", "write_to_neighbour", "block_and_report"}
    | {"household_stay", "code_no", "keep_my_data", "leave_unsaid", "worried_without_words"}
    | {"worried_about", "report_no_more", "leave_report", "export_my_data"}
    | {"speak_again", "open_news", "more_news"}
)
# Answers to a question that said what it is about: asked once is enough.
ASKED = frozenset(
    {"accept_offer", "decline_offer", "agree_to_be_asked", "agree_to_care", "agree_to_meet"}
    | {"decline_to_meet", "give_consent", "refuse_consent", "confirm_acting", "refuse_acting"}
    | {"household_join", "household_leave_yes", "link_yes", "need_withdraw_sure"}
    | {"forget_me_surely", "refuse_booking", "refuse_request", "plan_check_in"}
    | {"check_in_well", "check_in_unwell", "check_in_later", "not_me_check_in"}
    | {"request_solved", "request_not_solved", "rate_request", "elder_on", "add_photos"}
    | {"help_arrived", "help_done", "help_left", "help_not_come", "thank_helper"}
    | {"decline_help", "keep_waiting_help", "need_more_time", "ask_other_helpers"}
    | {"release_agree", "release_decline", "leave_check_in", "join_roundtable"}
    | {"drop_errand", "weekly_news", "daily_news"}
)
READ_BACK = frozenset(
    {"acting_ask", "acting_elder", "end_acting", "household_invite", "link_chat"}
    | {"claim", "claim_help", "withdraw_help", "call_off_help", "never_help", "never_offer"}
    | {"join_waitlist", "enter_draw", "leave_draw"}
    | {"follow_request", "leave_request", "reroute_request"}
    | {"set_offer", "pause_offer", "resume_offer", "stop_offer", "end_check_in"}
    | {"introduce_me", "stop_introductions", "block_neighbour", "unblock"}
    | {"release_offer", "release_phone", "release_withdraw", "withdraw_consent"}
    | {"subscribe_news", "unsubscribe_news"}
)


def is_read_back(conversation: Conversation, choice: Choice) -> bool:
    """Whether a resident is to say yes to this tap first."""
    return conversation.resident.elder and choice.intent in READ_BACK


def as_value(choice: Choice) -> str:
    """Write down what a yes does."""
    return f"{choice.intent} {choice.value}"


def meant(choice: Choice) -> Choice:
    """Return what a choice does: of a yes what it was said to."""
    if choice.intent != SURE:
        return choice
    intent, _, value = choice.value.partition(" ")
    return Choice(choice.label, intent, value, choice.id)
