"""Measures of drift, one file each.

They need scipy and scikit-learn, so nothing of the app's own process imports them.
"""
