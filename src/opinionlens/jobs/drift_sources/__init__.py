"""Sources of recent windows that other programs measured.

One module for each; `first_usable` tries them in order. None of them holds texts.
"""
