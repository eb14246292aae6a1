"""The probes of the self-awareness study."""
