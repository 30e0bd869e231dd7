"""What a message may want, by its part in a dialogue: intents as Rasa names them."""

# Answered at once, and forgotten.
QUESTIONS = frozenset(
    {"ask_knowledge", "ask_hours", "ask_departure", "list_activities", "list_bookings"}
    | {"check_request", "ask_help", "ask_quick_links", "greet", "thank", "goodbye"}
    | {"ask_roundtable", "ask_volunteer_hours", "check_help"}
    | {"report_neighbour", "manage_checkin", "manage_household", "meet_neighbours"}
    | {"manage_my_data", "ask_news", "manage_news"}
)
# Said about the talk itself: they are obeyed at once, and end a form or leave it be.
WAYS_OUT = frozenset(
    {"cancel", "ask_person", "set_elder_mode", "set_language", "set_reminders"}
)
# They change something, mostly after a form.
DEEDS = frozenset(
    {"book_activity", "cancel_booking", "change_booking"}
    | {"report_problem", "add_to_request", "correct_place", "withdraw_request"}
    | {"request_help", "offer_help", "manage_offer", "relay_message"}
)
INTERRUPTIONS = QUESTIONS | WAYS_OUT
COURTESIES = frozenset({"greet", "thank", "goodbye"})  # nobody waits for their answer
SURE = 0.6  # below this an intent does not take a free-text answer away from a form
