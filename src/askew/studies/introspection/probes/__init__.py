"""The probes of the introspection study."""
