"""The relay: two neighbours talk through us, and neither learns who, or where, the other is."""
