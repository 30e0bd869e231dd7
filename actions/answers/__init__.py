"""Answers: what the knowledge base tells, and what is computed (open now, the next bus)."""
