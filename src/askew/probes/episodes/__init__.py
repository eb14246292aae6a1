"""Episodes: a model works at a desk, turn by turn, and is interviewed afterwards.

Each environment is a probe `scheming_NAME`: an Inspect task with one sample per variant, and all episodes of a variant
inside its sample. A model with tools acts by tools, another one by choosing among printed lines.
"""
