"""The state of the service: health, readiness, metrics."""
