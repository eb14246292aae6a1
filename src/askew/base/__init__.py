"""What every other package rests on: errors, atomic files, untrusted text, messages between processes, registries."""
