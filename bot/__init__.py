"""The faces to people: channels, the gateway, the desk, and the worker that delivers."""
