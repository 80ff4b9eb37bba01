"""The DVC stages: one module each, a thin shell that reads, calls what decides, and writes."""
