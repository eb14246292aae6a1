"""Introspection: does a model predict itself better than another model predicts it?"""
