"""China's map datum GCJ-02, in which WeChat and WeCom tell places, and the world's WGS-84.

The shift is secret; these formulas, known since 2010, give it to about a metre. After
https://github.com/googollee/eviltransform (MIT); the inverse is found by going back and forth.
"""

from math import cos, fabs, pi, sin, sqrt

AXIS, ECCENTRICITY = 6378245.0, 0.00669342162296594323  # of Krasovsky's ellipsoid (1940)
NEAR_ENOUGH = 1e-7  # degrees: a centimetre
ROUNDS = 10


def to_wgs84(lat: float, lon: float) -> tuple[float, float]:
    """Return where a place of a Chinese map is in WGS-84 degrees."""
    found = lat, lon
    for _ in range(ROUNDS):
        shown = from_wgs84(*found)
        off = lat - shown[0], lon - shown[1]
        found = found[0] + off[0], found[1] + off[1]
        if max(map(fabs, off)) < NEAR_ENOUGH:
            break
    return found


def from_wgs84(lat: float, lon: float) -> tuple[float, float]:
    """Return where a Chinese map shows a place; abroad it shows where it is."""
    if not (0.8293 <= lat <= 55.8271 and 72.004 <= lon <= 137.8347):
        return lat, lon
    x, y = lon - 105.0, lat - 35.0
    angle = lat / 180.0 * pi
    flat = 1 - ECCENTRICITY * sin(angle) ** 2
    north = AXIS * (1 - ECCENTRICITY) / (flat * sqrt(flat)) * pi / 180.0
    east = AXIS / sqrt(flat) * cos(angle) * pi / 180.0
    return lat + _northward(x, y) / north, lon + _eastward(x, y) / east


def _northward(x: float, y: float) -> float:
    """Return the shift in metres."""
    shift = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(fabs(x))
    shift += (20.0 * sin(6.0 * x * pi) + 20.0 * sin(2.0 * x * pi)) * 2.0 / 3.0
    shift += (20.0 * sin(y * pi) + 40.0 * sin(y / 3.0 * pi)) * 2.0 / 3.0
    return shift + (160.0 * sin(y / 12.0 * pi) + 320.0 * sin(y * pi / 30.0)) * 2.0 / 3.0


def _eastward(x: float, y: float) -> float:
    shift = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(fabs(x))
    shift += (20.0 * sin(6.0 * x * pi) + 20.0 * sin(2.0 * x * pi)) * 2.0 / 3.0
    shift += (20.0 * sin(x * pi) + 40.0 * sin(x / 3.0 * pi)) * 2.0 / 3.0
    return shift + (150.0 * sin(x / 12.0 * pi) + 300.0 * sin(x / 30.0 * pi)) * 2.0 / 3.0
