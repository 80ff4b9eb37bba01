"""Predictions: `/api/v1/inference`."""
