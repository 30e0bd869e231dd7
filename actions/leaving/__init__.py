"""Taking back a consent, and leaving for good: what follows from it in every topic."""
