"""Residents, households, areas, staff, roles and consent: the ground every topic stands on."""
