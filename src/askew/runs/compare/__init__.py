"""Compares finished runs: their results side by side, combined across runs, and pooled where their designs allow it."""
