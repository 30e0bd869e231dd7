"""民情圆桌会: what many raised becomes a topic, a meeting, and commitments somebody keeps."""
