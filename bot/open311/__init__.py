"""Open311 GeoReport v2: how other systems read what may be reported, and report it."""
