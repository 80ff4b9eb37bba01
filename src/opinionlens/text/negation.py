"""Words that turn the meaning of what follows."""

from __future__ import annotations

_NEGATORS = """
not no never none nobody nothing nowhere neither nor cannot without hardly barely scarcely rarely seldom aint
arent cant couldnt didnt doesnt dont hadnt hasnt havent isnt mustnt neednt shant shouldnt wasnt werent wont
wouldnt
"""
NEGATORS = frozenset(_NEGATORS.split())


def is_negator(word: str) -> bool:
    """Whether the lower-case word turns the meaning of what follows: such as `not`, `never`, `don't`."""
    return word in NEGATORS or word.endswith("n't")
