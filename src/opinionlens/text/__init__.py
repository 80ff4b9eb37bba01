"""Pure functions from a text to tokens, counts and lexicon values: the same objects serve training and serving."""
