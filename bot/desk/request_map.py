"""The map of requests: points drawn from their coordinates, with nothing from elsewhere.

The list is the same without a map.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import cos, radians

from starlette.responses import Response

from actions.governance import worklist
from actions.governance.model import ServiceRequest
from actions.governance.worklist import Wanted
from bot.desk import requests
from bot.desk.visit import Visit
from knowledge.geo import metres
from knowledge.pack import Pack
from knowledge.records import Text

MOST = 1000  # requests drawn
WIDTH, LEAST_HEIGHT, MARGIN = 1000, 500, 60
CELL = 0.00006  # degrees: points are told apart to some ten metres
TOUCH = 44  # what is drawn nearer to one another than this is one spot
SAME_METRES = (
    25  # within so many it is one place: it leads to the list, not farther into the map
)
LEAST_METRES = 400  # across: a single lamp is not shown as a whole town


Point = tuple[float, float]


@dataclass(frozen=True)
class Spot:
    """Requests near to one another, and where they are drawn; `to` leads to them."""

    x: float
    y: float
    size: int
    late: bool
    said: str
    to: str


@dataclass(frozen=True)
class Landmark:
    """A place of the pack, to know one's way by."""

    x: float
    y: float
    name: Text


@dataclass(frozen=True)
class Drawing:
    """Turns degrees into the points of a drawing."""

    south: float
    west: float
    scale: float
    stretch: float
    height: float

    @classmethod
    def around(cls, points: Iterable[tuple[float, float]]) -> "Drawing":
        """Return a drawing that holds these points."""
        lats, lons = zip(*points, strict=True)
        south, north, west, east = min(lats), max(lats), min(lons), max(lons)
        stretch = cos(radians((south + north) / 2))
        least = LEAST_METRES / 111_320
        wide = max((east - west) * stretch, least)
        high = max(north - south, least / 2)
        scale = (WIDTH - 2 * MARGIN) / wide
        scale = min(scale, (1400 - 2 * MARGIN) / high)
        height = max(LEAST_HEIGHT, high * scale + 2 * MARGIN)
        lon0 = (west + east) / 2 - WIDTH / 2 / scale / stretch
        lat0 = (south + north) / 2 - height / 2 / scale
        return cls(lat0, lon0, scale, stretch, height)

    def at(self, lat: float, lon: float) -> tuple[float, float]:
        """Return where a point is drawn."""
        x = (lon - self.west) * self.stretch * self.scale
        return round(x, 1), round(self.height - (lat - self.south) * self.scale, 1)


def see(visit: Visit) -> Response:
    """Show the requests of the list on a map."""
    wanted = requests.wanted_of(visit)
    found, more = worklist.page(
        visit.db, visit.pack, requests.looker(visit), wanted, limit=MOST
    )
    requests.note_search(visit, wanted, found)
    by_point = defaultdict(list)
    for request in found:
        by_point[_point(visit.pack, request)].append(request)
    nowhere = len(by_point.pop(None, []))
    points = {point: there for point, there in by_point.items() if point}
    drawing = Drawing.around(points) if points else None
    return visit.show(
        "request_map.html",
        wanted=wanted,
        drawing=drawing,
        width=WIDTH,
        spots=[
            _spot(visit, drawing, crowd, points, wanted)
            for crowd in (_crowds(drawing, points) if drawing else ())
            if drawing
        ],
        landmarks=_landmarks(visit.pack, drawing) if drawing else [],
        nowhere=nowhere,
        more=bool(more),
        link=lambda **changed: requests.link(wanted, **changed),
    )


def _point(pack: Pack, request: ServiceRequest) -> Point | None:
    """Return where a request is: its own point, else that of its place."""
    if request.lat is not None and request.lon is not None:
        return round(request.lat, 4), round(request.lon, 4)
    place = pack.places.get(request.place_id or "")
    if place and place.lat is not None and place.lon is not None:
        return place.lat, place.lon
    return None


def _crowds(drawing: Drawing, points: Iterable[Point]) -> list[list[Point]]:
    """Put points together that would be drawn upon one another."""
    crowds: list[list[Point]] = []
    for point in points:
        x, y = drawing.at(*point)
        for crowd in crowds:
            at_x, at_y = drawing.at(*crowd[0])
            if abs(x - at_x) < TOUCH and abs(y - at_y) < TOUCH:
                crowd.append(point)
                break
        else:
            crowds.append([point])
    return crowds


def _spot(
    visit: Visit,
    drawing: Drawing,
    crowd: list[Point],
    points: Mapping[Point, list[ServiceRequest]],
    wanted: Wanted,
) -> Spot:
    there = [request for point in crowd for request in points[point]]
    first, name = there[0], visit.pack.categories.get(there[0].category_id)
    if len(there) == 1:
        to = f"/requests/{first.reference}"
        said = f"{first.reference} {name.name.zh if name else first.category_id}"
    else:
        to, said = _leading(crowd, wanted), f"{len(there)} 件 requests"
    late = any("late" in worklist.marks_of(visit.pack, one, now=visit.now) for one in there)
    x, y = drawing.at(*crowd[0])
    return Spot(x, y, len(there), late, said, to)


def _leading(crowd: list[Point], wanted: Wanted) -> str:
    """Return where several requests lead: farther into the map, of one place to the list."""
    lats, lons = zip(*crowd, strict=True)
    south, north, west, east = min(lats), max(lats), min(lons), max(lons)
    one_place = metres(south, west, north, east) <= SAME_METRES
    box = f"{south - CELL:.5f},{west - CELL:.5f},{north + CELL:.5f},{east + CELL:.5f}"
    return requests.link(wanted, box=box, to="/requests" if one_place else "/requests/map")


def _landmarks(pack: Pack, drawing: Drawing) -> list[Landmark]:
    """Return places inside the drawing, none so near to another that names overlap."""
    chosen: list[Landmark] = []
    for place in pack.places.values():
        if place.lat is None or place.lon is None:
            continue
        x, y = drawing.at(place.lat, place.lon)
        inside = MARGIN < x < WIDTH - MARGIN and MARGIN < y < drawing.height - MARGIN
        apart = all(abs(x - one.x) > 150 or abs(y - one.y) > 40 for one in chosen)
        if inside and apart:
            chosen.append(Landmark(x, y, place.name))
    return chosen
