"""Audit: compares models that were tuned elsewhere with their base."""
