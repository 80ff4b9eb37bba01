"""Labelled texts: their cards, reading, cleaning and splits.

A *card* describes a dataset. Reading counts every row that it cannot use, with the reason. Duplicates and
conflicting labels are removed across all sources before the split, and a row's side follows from a hash of
its own words, so that adding data never moves a text from test to train.
"""
