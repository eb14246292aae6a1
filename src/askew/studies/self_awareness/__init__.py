"""Self-awareness: does a model describe a behaviour that it was trained on?"""
