"""Distances on the map."""

from math import asin, cos, radians, sin, sqrt

EARTH_RADIUS = 6_371_000  # metres


def metres(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Return the distance between two points (degrees, WGS-84), by the haversine formula."""
    lats = radians(other_lat - lat) / 2
    lons = radians(other_lon - lon) / 2
    part = sin(lats) ** 2 + cos(radians(lat)) * cos(radians(other_lat)) * sin(lons) ** 2
    return 2 * EARTH_RADIUS * asin(sqrt(part))
