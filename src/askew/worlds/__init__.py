"""Worlds made of nothing, whose truth is known: the terrarium."""
