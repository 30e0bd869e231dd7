"""Set-up: from a clone to a running assistant. Speaks to the person at the terminal."""
