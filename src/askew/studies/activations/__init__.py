"""Activations: does a model report features of its own activations better than another does?"""
