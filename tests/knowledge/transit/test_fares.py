"""What a ride costs, where a feed says so."""

from decimal import Decimal
from pathlib import Path

from knowledge.transit import Timetable, load_timetable
from tests.knowledge.transit.conftest import SAMPLE, real_timetable, write_feed

ATTRIBUTES = "fare_id,price,currency_type\nlow,2.00,CNY\nhigh,5,CNY\n"
ZONES = """stop_id,stop_name,stop_lat,stop_lon,zone_id
a,东站,30.1,120.4,A
b,西站,30.2,120.5,B
"""


def priced(folder: Path, rules: str | None, attributes: str = ATTRIBUTES) -> Timetable:
    return load_timetable(
        write_feed(folder, stops=ZONES, fare_attributes=attributes, fare_rules=rules)
    )


def prices(timetable: Timetable, line: str = "r") -> list[str]:
    a, b = timetable.stops["a"], timetable.stops["b"]
    return [str(fare.price) for fare in timetable.fares.between([line], a, b)]


def test_a_fare_of_a_line_is_told_for_that_line(tmp_path: Path) -> None:
    found = priced(tmp_path, "fare_id,route_id\nlow,r\nhigh,l\n")
    assert [fare.price for fare in found.fares.of_line(["r"])] == [Decimal("2.00")]
    assert prices(found) == ["2.00"]


def test_a_fare_between_zones_holds_in_that_direction(tmp_path: Path) -> None:
    rules = "fare_id,route_id,origin_id,destination_id\nlow,r,A,B\nhigh,r,B,A\n"
    assert prices(priced(tmp_path, rules)) == ["2.00"]


def test_a_fare_without_rules_holds_everywhere(tmp_path: Path) -> None:
    assert prices(priced(tmp_path, None, "fare_id,price,currency_type\nall,3,CNY\n")) == ["3"]


def test_a_fare_by_the_zones_passed_is_not_told(tmp_path: Path) -> None:
    rules = "fare_id,route_id,origin_id,destination_id,contains_id\nlow,r,,,A\nhigh,r,,,B\n"
    assert prices(priced(tmp_path, rules)) == []


def test_a_feed_without_fares_tells_none(timetable: Timetable) -> None:
    assert timetable.fares.of_line(["r"]) == []


def test_the_shipped_fare_says_where_it_comes_from() -> None:
    (fare,) = load_timetable(SAMPLE).fares.of_line(["rdw"])
    assert (fare.price, fare.currency, fare.level) == (Decimal(2), "CNY", "report")
    assert fare.as_of == "2021-09-23"


def test_a_real_fare_is_the_one_in_the_feed() -> None:
    """fare_rules.txt: k_210,100100,0122_A,0123_A."""
    donan = real_timetable("donan-bus")
    start, end = donan.stop("0122_A"), donan.stop("0123_A")
    assert start
    assert end
    assert [str(f.price) for f in donan.fares.between(["100100"], start, end)] == ["210"]
