"""The household in chat: its members, who acts for whom, one person on many channels."""
