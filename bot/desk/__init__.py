"""The desk: where staff sign in, and answer what needs a person."""
