"""Vocabularies, counts and weighting: what fitting and predicting share."""
