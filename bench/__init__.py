"""Measuring and drills: each bench runs the shipped code on data from outside."""
