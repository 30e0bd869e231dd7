"""Neighbours: what residents ask of one another, who takes it on, and how both stay safe."""
