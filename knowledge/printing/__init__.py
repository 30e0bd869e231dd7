"""The offline twin: what the assistant knows, on a board, over the loudspeaker, at a door."""
