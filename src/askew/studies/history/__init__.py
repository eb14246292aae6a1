"""History: what does a model know of coded facts of history, beside what no model needs?"""
