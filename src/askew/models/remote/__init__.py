"""Served models: requests, the store of their replies, their prices and their errors."""
