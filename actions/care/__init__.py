"""Looking after one another: daily check-ins, alerts, and what is said against a neighbour."""
