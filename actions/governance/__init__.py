"""Governance: problems residents report, who owns them, and what came of them."""
