"""The action server put together: what it stands on, and every topic's actions."""

import threading

import uvicorn
from rasa_sdk.interfaces import Action

from actions import handoff, server, smalltalk, tracing
from actions.answers import actions as answers
from actions.booking import actions as booking
from actions.care import actions as care
from actions.clock import open_clock
from actions.content.editions import Shelf
from actions.db import Database
from actions.dialogue import CancelForm, Ground, StartSession
from actions.errors import SettingInvalid
from actions.governance import actions as governance
from actions.governance.roundtable import actions as roundtable
from actions.household import actions as household
from actions.mydata import actions as mydata
from actions.neighbours import actions as neighbours
from actions.neighbours import meaning
from actions.news import actions as news
from actions.settings import Settings
from actions.talking import actions as talking
from actions.vitals import Vitals
from actions.wording import read_wording
from knowledge.embedder import OnnxEmbedder, Remembering
from knowledge.pack import Pack, load_pack
from knowledge.search import KnowledgeBase
from knowledge.sorting import Sorter
from knowledge.transit import open_timetable
from knowledge.vectors import store_at

TOPICS = (
    *(booking, governance, roundtable, neighbours, talking, care, household),
    *(mydata, news, handoff, smalltalk),
)


def run(said: Settings) -> None:
    """Serve until stopped.

    Raises:
        SettingInvalid: the secret is missing.
    """
    if not said.actions_secret:
        raise SettingInvalid("Setting ACTIONS_SECRET is missing; see .env.example")
    tracing.open_for("actions", said)
    pack = load_pack(said.community_dir)
    embedder = Remembering(OnnxEmbedder(said.encoder_dir))
    sorter = Sorter(embedder, said.sorting_dir)
    ground = Ground(
        database=Database(said.database, connections=said.database_connections),
        clock=open_clock(said.test_clock),
        wording=read_wording(pack.zone),
        pack=pack,
        shelf=Shelf(pack, said.content_dir),
        sorter=sorter,
    )
    ground.database.check_durable()
    base = KnowledgeBase(said.index_dir, embedder, store_at(said.vector_store))
    warm_up(base, sorter, pack)
    made = all_actions(ground, base)
    telling = Vitals(ground.database, ground.clock)
    threading.Thread(target=telling.run, name="vitals", daemon=True).start()
    app = server.build(made, said.actions_secret, ground.database.check_durable)
    uvicorn.run(app, host=said.actions_host, port=said.actions_port, access_log=False)


def warm_up(base: KnowledgeBase, sorter: Sorter, pack: Pack) -> None:
    """Load what is loaded at its first use, so that the first resident need not wait for it."""
    base.search("你好", "zh")
    sorter.scores(pack, "你好")
    meaning.learn(pack, sorter)
    open_timetable(pack)


def all_actions(ground: Ground, base: KnowledgeBase) -> list[Action]:
    """Make every action instance, topic by topic."""
    made: list[Action] = [StartSession(ground), CancelForm(ground)]
    made += answers.actions(ground, base)
    for topic in TOPICS:
        made += topic.actions(ground)
    return made
