"""Profiles of the training data, as references for drift.

Drift is the distance of later texts from the profile.
"""
