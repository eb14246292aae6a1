"""The perspective map of a text: which stance its segments take on an axis, in the order of the text.

A text is cut into segments, a scorer gives each a score from -100 to +100 or finds no evidence, and a summary, a page
and files are made of the scores. Every scorer is first turned on texts whose stance is known (`validation`).
"""
