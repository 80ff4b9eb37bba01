"""Kinds of estimators: counting texts, weighting the counts, fitting; each family with its search space."""
