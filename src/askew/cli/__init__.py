"""The command line: each command beside its printing. It parses, calls the API and prints; it holds no logic."""
