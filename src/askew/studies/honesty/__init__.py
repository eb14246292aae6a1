"""Honesty: does a model show what it can do, and say what it believes? Asked of organisms whose truth is known."""
