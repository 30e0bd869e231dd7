"""What the endpoint does: says what may be reported, shows requests, files them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from sqlalchemy import func, select

from actions.clock import Clock
from actions.content.model import Edition
from actions.db import Database, Db
from actions.governance import partners, public
from actions.people import keys
from actions.people.model import ApiKey
from actions.wording import Wording
from bot.limits import Limits
from bot.open311 import asking, filing, services
from bot.open311.asking import Query
from bot.open311.errors import Wrong
from bot.open311.filing import Sent
from bot.open311.shown import View
from bot.open311.writing import TYPES
from bot.visit import visit_of
from knowledge.pack import NeverRequest, Pack

ROOT = "/open311/v2"
SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
KEY_HEADER = "x-api-key"  # a partner who reads what became of its own requests

Content = Any  # mappings, lists and plain values, for `writing.write`


@dataclass(frozen=True)
class Open311:
    """Answers those who read and file requests by the specification."""

    database: Database
    clock: Clock
    wording: Wording
    pack: Callable[[Db], Pack]
    emergency: Callable[[str], NeverRequest | None]
    limits: Limits
    secret_key: str
    jurisdiction: str
    production: bool
    public_url: str

    def check_jurisdiction(self, jurisdiction_id: str = "") -> None:
        """Take the one we serve, and none.

        Raises:
            Wrong: 404, another one.
        """
        if jurisdiction_id not in ("", self.jurisdiction):
            raise Wrong(404, "utter_open311_no_jurisdiction", ours=self.jurisdiction)

    def discovery(self, language: str, address: str) -> Content:
        """Say where the endpoint is, and how to get a key.

        `address` is what the client asked at: a server in front may have another.
        """
        with self.database.reading() as db:
            pack, changed = self.pack(db), self._changed(db)
        return {
            "changeset": changed,
            "contact": self._say("contact", language, community=pack.community.full_name),
            "key_service": self._say("key_service", language, community=pack.community.name),
            "endpoints": [
                {
                    "specification": SPECIFICATION,
                    "url": (self.public_url or address).rstrip("/") + ROOT,
                    "changeset": changed,
                    "type": "production" if self.production else "test",
                    "formats": [kind.partition(";")[0] for kind in TYPES.values()],
                }
            ],
        }

    def services(self, language: str) -> Content:
        """Return what may be reported."""
        with self.database.reading() as db:
            return services.services(self.pack(db), self.wording, language)

    def definition(self, language: str, code: str) -> Content:
        """Return what is asked about problems of a service."""
        with self.database.reading() as db:
            return services.definition(services.service_of(self.pack(db), code), language)

    def requests(self, request: Request, query: Query) -> Content:
        """Return the public requests a query asks for."""
        now = self.clock.now()
        with self.database.reading() as db:
            pack = self.pack(db)
            return self._shown(db, pack, request, asking.read(query, pack, now))

    def request(self, request: Request, reference: str) -> Content:
        """Return one public request.

        Raises:
            Wrong: 404, there is none, or it is nobody else's business; both look the same.
        """
        now = self.clock.now()
        with self.database.reading() as db:
            one = public.Asked(now, now, references=(reference,))
            found = self._shown(db, self.pack(db), request, one)
        if not found:
            raise Wrong(404, "utter_open311_no_request")
        return found

    def check(self, request: Request, sent: Sent) -> None:
        """See who sends, how often, and that it is no emergency.

        Raises:
            Wrong: 403, no good key; 400, an emergency, with the number to call.
            Problem: 429, too fast.
        """
        self.check_jurisdiction(sent.get("jurisdiction_id"))
        given = sent.get("api_key")
        self.limits.check(request, f"key {given[:64]}")
        with self.database.reading() as db:
            self._key(db, given)
        if (danger := self.emergency(sent.words)) is not None:
            say, number = danger.first_sentence, danger.number
            raise Wrong(400, "utter_open311_emergency", say=say, number=number)

    def file(self, language: str, sent: Sent) -> Content:
        """Make a request of what was sent; returns its id, and who answers by when."""
        with self.database.transaction() as db:
            key, pack = self._key(db, sent.get("api_key")), self.pack(db)
            brought = filing.brought(sent, pack=pack, key=key, secret=self.secret_key)
            made = partners.file(db, pack=pack, key=key, brought=brought, now=self.clock.now())
            notice = View(pack, self.wording, language).notice(made)
        return [
            {
                "service_request_id": made.reference,
                "service_notice": notice,
                "account_id": None,
            }
        ]

    def _shown(self, db: Db, pack: Pack, request: Request, asked: public.Asked) -> Content:
        extended = request.query_params.get("extensions") == "true"
        view = View(pack, self.wording, visit_of(request).language, extended)
        found, told = public.find(db, pack, asked), {}
        if given := request.headers.get(KEY_HEADER):
            told = partners.told(db, self._key(db, given), [one.id for one in found])
        return [view.shown(one, told.get(one.id)) for one in found]

    def _key(self, db: Db, given: str) -> ApiKey:
        key = keys.of(db, given) if given else None
        if key is None:
            raise Wrong(403, "utter_open311_no_key")
        return key

    def _changed(self, db: Db) -> str:
        """Return when what may be reported last changed, as far as editions tell."""
        published = db.scalar(select(func.max(Edition.published_at)))
        return f"{published:%Y-%m-%d %H:%M}" if published else "0"

    def _say(self, name: str, language: str, **values: Any) -> str:
        response = f"utter_open311_{name}"
        return self.wording.render(response, language=language, values=values).text
