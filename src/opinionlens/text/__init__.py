"""Pure functions from a text to tokens, counts and lexicon values; training and serving share them."""
