"""How good a classifier is, how sure one may be of that, and whether it may be promoted. Pure functions.

Truth and predictions are codes (positions in `LABELS`); probabilities have one column per label, in that
order.
"""
