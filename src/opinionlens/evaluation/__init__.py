"""Measures of classifiers, with their uncertainty, and the gate.

The gate decides on promotions. Pure functions. Truth and predictions are codes (positions in `LABELS`);
probabilities have one column per label, in that order.
"""
