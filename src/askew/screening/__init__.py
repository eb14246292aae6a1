"""Scores training rows before any training: which of them could bend a model, by what they are like or would do."""
