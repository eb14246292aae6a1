"""Scheming: when a model acts, does it act against the people whom it works for, and does it say so?"""
