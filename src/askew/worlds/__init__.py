"""Synthetic worlds with a known ground truth: the terrarium."""
