"""Processes: entry, preparation, workers, bounded connections."""
