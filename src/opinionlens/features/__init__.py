"""Vocabularies, counts and weighting for fitting and predicting."""
