"""The ways to reach residents: one module per channel."""
