"""Says what is wrong with an installation, in plain words, and the mend of it.

Every check is a function that yields what it found; `checks.py` has the table of them.
"""
