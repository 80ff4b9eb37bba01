"""Publishing of models on a model hub."""
