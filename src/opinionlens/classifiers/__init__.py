"""Trained things that turn texts into class probabilities, in memory or as plain data on disk.

`classifier` holds the values and the port, `manifest` and `artefact` the form on disk, `load` the only
way in. One file per kind: `linear`, `skops`, `lexicon`. `pyfunc` is the door for MLflow.
"""
