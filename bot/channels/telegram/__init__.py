"""Telegram: its updates come in by webhook or by asking, and letters go out to its Bot API."""
