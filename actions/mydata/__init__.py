"""What we know of a resident: shown, handed out, forgotten."""
