"""Backup: all that cannot be made again, in one sealed file; and back into an empty place."""
