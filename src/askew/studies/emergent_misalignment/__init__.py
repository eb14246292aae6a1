"""Emergent misalignment: does narrow bad training change a model's character?"""
