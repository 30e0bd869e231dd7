"""How a request is shown: the specification's fields, none of them a resident's words."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from actions.governance.model import ServiceRequest
from actions.governance.public import Known
from actions.wording import Wording
from knowledge.pack import Pack
from knowledge.records import Text


@dataclass(frozen=True)
class View:
    """In which words requests are shown; `extended` adds what the specification has not."""

    pack: Pack
    wording: Wording
    language: str
    extended: bool = False

    def shown(self, request: Known, told: str | None = None) -> dict[str, Any]:
        """Show a request; `told` is what staff said of it to who filed it."""
        where, category = self._address(request), request.category.name
        status = self._say(f"status_{request.status}")
        name = "description" if where else "description_nowhere"
        described = self._say(name, category=category, place=where)
        fields = {
            "service_request_id": request.reference,
            "status": "open" if request.is_open else "closed",
            "status_notes": f"{status}\n{told}" if told else status,
            "service_name": category.in_(self.language),
            "service_code": request.category.service_code,
            "description": described,
            "agency_responsible": self._team(request.team_id),
            "service_notice": None,
            "requested_datetime": self._moment(request.requested_at),
            "updated_datetime": self._moment(request.updated_at),
            "expected_datetime": self._moment(request.due_at),
            "address": where or None,
            "address_id": request.place_id,
            "zipcode": None,
            "lat": request.lat,
            "long": request.lon,
            "media_url": None,
        }
        if self.extended:
            extra = {
                "status": str(request.status),
                "area_id": request.area_id,
                "merged_into": request.merged_into,
            }
            return fields | {"extended_attributes": extra}
        return fields

    def notice(self, request: ServiceRequest) -> str:
        """Say who answers by when, after what to mind until then."""
        mind = self.pack.categories[request.category_id].emergency_notice
        owed = self._say("notice", team=self._team(request.team_id), due=request.due_at)
        return f"{mind.in_(self.language)} {owed}" if mind else owed

    def _address(self, request: Known) -> str:
        """Name the place and the areas around it, the most particular first."""
        names: list[Text] = []
        if request.place_id:
            names.append(self.pack.places[request.place_id].name)
        area = self.pack.areas.get(request.area_id or "")
        while area is not None:
            names.append(area.name)
            area = self.pack.areas.get(area.parent or "")
        return ("，" if self.language == "zh" else ", ").join(
            dict.fromkeys(name.in_(self.language) for name in names)
        )

    def _team(self, team_id: str) -> str:
        team = self.pack.teams.get(team_id)
        return team.name.in_(self.language) if team else team_id

    def _moment(self, moment: datetime) -> str:
        return moment.astimezone(self.pack.zone).isoformat(timespec="seconds")

    def _say(self, name: str, **values: Any) -> str:
        response = f"utter_open311_{name}"
        return self.wording.render(response, language=self.language, values=values).text
