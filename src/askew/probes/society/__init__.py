"""Societies whose agents are models: who is asked what each tick is the world's, and how models answer is here."""
