"""Families of estimators, each with its search space.

A family weights counted texts and fits an estimator.
"""
