"""The JSON API: one package for each feature, with its routes and schemas."""
