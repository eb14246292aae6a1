"""The probes of the latent-structure study."""
