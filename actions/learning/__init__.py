"""Learning from answers: what was told wrongly is corrected, what was not known is taught."""
