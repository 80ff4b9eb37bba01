"""The short way of plain predictions past middleware and routing."""
