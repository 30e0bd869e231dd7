"""Drills: what is promised, tried on the real thing, with and without what protects it."""
