"""Audit: compare models that were tuned elsewhere with their base."""
