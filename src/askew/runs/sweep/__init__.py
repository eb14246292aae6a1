"""Sweeps: one run per design of a grid, with what designs share done once."""
