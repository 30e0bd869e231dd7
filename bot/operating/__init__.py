"""What an operator sees: which part works and since when, what waits, what runs."""
