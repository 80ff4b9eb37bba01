"""Feedback on predictions: `/api/v1/feedback`."""
