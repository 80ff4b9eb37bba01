"""The Python library: `opinionlens.load`, `opinionlens.lexicon` and the classifier that they return."""
