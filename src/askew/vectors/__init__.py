"""Directions of a trait in a model's activations: extracted, tried by steering beside directions that mean nothing."""
