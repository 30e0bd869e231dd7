"""Booking: what is on, residents' places in it, and the line for what is full."""
