"""Latent structure: can a model say what its training rows only imply?"""
