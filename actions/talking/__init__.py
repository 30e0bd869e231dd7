"""Talking to a neighbour by words: "tell them I am ten minutes late"."""
