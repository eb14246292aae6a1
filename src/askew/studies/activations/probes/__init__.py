"""The probes of the activations study."""
