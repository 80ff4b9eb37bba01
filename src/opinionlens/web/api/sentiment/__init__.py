"""Predictions under the older addresses `/predict` and `/model`."""
