"""The Python library: loading a classifier, and predicting with it."""
