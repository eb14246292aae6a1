"""Evidence of what a fine-tune taught, read from the weights of the base and the tuned model alone."""
