"""Pure functions from text to tokens, counts and lexicon values.

Training and serving share them.
"""
