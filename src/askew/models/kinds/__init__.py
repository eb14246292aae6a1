"""The kinds of model that a name can stand for: one module each. `models.names` describes what a kind provides."""
