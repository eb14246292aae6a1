"""Defences: what keeps narrow bad rows from making a model bad at large, measured where it may only be hidden."""
