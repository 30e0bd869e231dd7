"""Content: what the assistant knows, written by files and staff, published in editions."""
