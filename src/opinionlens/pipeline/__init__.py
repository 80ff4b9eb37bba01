"""The DVC stages, one module each.

A stage module is a thin shell that reads, calls the code that decides, and writes.
"""
