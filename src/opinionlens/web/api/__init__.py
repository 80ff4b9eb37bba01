"""The JSON API, one package per feature."""
