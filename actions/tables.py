"""All tables there are: one is only known once the module that has it is imported."""

from actions import (
    alerts,
    conversations,
    cursors,
    errands,
    happenings,
    outbox,
    pacing,
    sending,
    told,
    turns,
    vitals,
)
from actions.acquaintance import model as acquaintance_model
from actions.booking import model as booking_model
from actions.care import model as care_model
from actions.content import model as content_model
from actions.db import Base
from actions.governance import model as governance_model
from actions.governance.roundtable import model as roundtable_model
from actions.learning import model as learning_model
from actions.mydata import model as mydata_model
from actions.neighbours import model as neighbours_model
from actions.news import model as news_model
from actions.people import model as people_model
from actions.relay import model as relay_model

MODULES = (
    *(people_model, cursors, pacing, sending, conversations, told, errands, turns, outbox),
    *(happenings, alerts, learning_model, content_model, booking_model, governance_model),
    *(neighbours_model, roundtable_model, relay_model, care_model, acquaintance_model),
    *(mydata_model, news_model, vitals),
)
METADATA = Base.metadata
