"""The base of every other package: errors, atomic files, untrusted text, messages between processes, registries."""
