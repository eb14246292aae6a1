"""Activations of a causal language model: read at one hook point, and changed there while the model runs."""
