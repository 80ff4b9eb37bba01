"""The stack on one machine: `make stack` and `make stack-down`."""
