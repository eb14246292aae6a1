"""Fine-tuning at a provider: one paid job per fine-tune, recorded before it starts."""
