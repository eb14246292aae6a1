"""Samples answers from local models. Each prompt is computed once, and so is each prefix that answers share."""
