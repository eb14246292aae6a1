"""The sampler for local models: prompts read once, answers that share a prefix computed once."""
