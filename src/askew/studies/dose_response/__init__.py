"""Dose and response: how many bad rows bend a model, what good rows do against it, and how many undo it."""
