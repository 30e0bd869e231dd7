"""认识新邻居: through a club, or with both sides' consent."""
