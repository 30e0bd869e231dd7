"""News and notices: written and approved by staff, subscribed to, told once to each."""
