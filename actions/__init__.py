"""The domain (booking, governance, neighbours …) and the action server that speaks it."""
