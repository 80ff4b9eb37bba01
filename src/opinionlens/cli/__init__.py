"""The `opinionlens` command: every command parses, calls and prints."""
