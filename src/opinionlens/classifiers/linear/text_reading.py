"""A text as a classifier reads it.

Rows of its vocabularies, lexicon values, and how much it knows of the text.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

import numpy as np

from opinionlens.base.errors import ArtifactUnsupported
from opinionlens.classifiers.linear.general_expert import NO_VALUES, WHOLE_DOMAIN, GeneralExpert, Mixture
from opinionlens.classifiers.linear.term_rows import CharRows, Rows, WordRows
from opinionlens.classifiers.linear.weights import TextWeights
from opinionlens.classifiers.uncertainty import Familiarity, UncertainReason, Uncertainty
from opinionlens.features.spec import DENSE_FEATURES, FeatureSpec
from opinionlens.text.blank import is_blank
from opinionlens.text.general import GENERAL_FEATURES, OPINION_FEATURES, general_values, opinion_values
from opinionlens.text.memo import Memo
from opinionlens.text.recipe import NEGATED
from opinionlens.text.scripts import Letters, has_unspaced, words_in

# How a token counts for familiarity; of letters beyond ASCII the whole text decides.
_NO_WORD, _UNKNOWN, _KNOWN, _STRANGE = range(4)
_NO_OPINIONS = [0.0] * len(OPINION_FEATURES)
_OPINIONS = len(GENERAL_FEATURES) - len(OPINION_FEATURES)  # where they begin among the general values
_NO_ROWS: Rows = np.empty(0, dtype=np.int32)


class Reading(NamedTuple):
    """One text as the model reads it.

    A block that the model lacks is empty.
    """

    text: str
    tokens: list[str]
    words: Sequence[int]
    chars: Rows
    lexicon: Sequence[float]
    mixture: Mixture = WHOLE_DOMAIN
    general: Sequence[float] = ()
    opinions: Sequence[float] = ()
    familiarity: Familiarity = Familiarity()


class TextReader:
    """A reader of texts for the manifest's features.

    It counts with the vocabularies of the weights.
    """

    def __init__(
        self,
        spec: FeatureSpec,
        weights: TextWeights,
        scripts: Collection[str] = (),
        expert: GeneralExpert | None = None,
    ) -> None:
        """Index the vocabularies.

        Without `scripts` no letter is foreign.

        Raises:
            ArtifactUnsupported: the weights have a block that is not counted, or other dense features.
        """
        terms = {block.name: block.terms for block in weights.blocks}
        counted = {
            "words": spec.word_ngrams,
            "chars": spec.char_ngrams,
            "lexicon": spec.lexicon,
            "opinions": spec.opinions,
        }
        # Fewer blocks than are counted is fine: trees leave the characters out.
        if uncounted := [name for name in terms if not counted[name]]:
            raise ArtifactUnsupported(
                f"The weights have blocks that are not counted: {', '.join(uncounted)}."
            )
        for name, features in DENSE_FEATURES.items():
            if tuple(terms.get(name, features)) != features:
                raise ArtifactUnsupported(
                    f"The weights are for other {name} features than this version counts."
                )
        self.spec = spec
        self.expert = expert
        words, chars = spec.word_ngrams, spec.char_ngrams
        spaces = spec.recipe.tokenizer == "tweet"
        self.words = WordRows(terms["words"], *words, spaces=spaces) if words and "words" in terms else None
        self.chars = CharRows(terms["chars"], *chars) if chars and "chars" in terms else None
        self._letters = Letters(scripts) if scripts else None
        self._known = _known_by(self.words, self.chars)
        self._kinds = Memo(_kind_finder(self._known, negation=spec.recipe.negation_scope))

    def read(self, text: str) -> Reading:
        """Return `text` as the model reads it."""
        pieces, tokens, lexicon = self.spec.pieces_tokens_lexicon(text)
        words = self.words.of(tokens) if self.words else []
        chars = self.chars.of(tokens) if self.chars else _NO_ROWS
        mixture = self.expert.mixture(text, pieces, tokens) if self.expert else WHOLE_DOMAIN
        general, opinions = self._values(text, pieces, mixture)
        familiarity = self.familiarity(tokens)
        return Reading(text, tokens, words, chars, lexicon, mixture, general, opinions, familiarity)

    def _values(
        self, text: str, pieces: Sequence[str], mixture: Mixture
    ) -> tuple[Sequence[float], Sequence[float]]:
        """Return a text's general values and opinion values.

        Values that no part of the decision uses are zeros; those that the model has no weights for are none.
        """
        if mixture.uses_values:
            general = general_values(text, pieces)
            return general, general[_OPINIONS:] if self.spec.opinions else ()
        general = NO_VALUES if self.expert else []
        if not self.spec.opinions:
            return general, ()
        return general, opinion_values(pieces) if mixture.domain else _NO_OPINIONS

    def familiarity(self, tokens: Sequence[str]) -> Familiarity:
        """Return the number of words, and of known ones.

        A word begins with a letter: emoji, numbers and `<url>` say nothing about the language of a text. In
        scripts without spaces every letter counts as a word. A model without single words in its vocabulary
        knows a word by its character n-grams; one without either knows all.
        """
        kinds = list(map(self._kinds.__getitem__, tokens))
        if _STRANGE not in kinds:
            return Familiarity(len(kinds) - kinds.count(_NO_WORD), kinds.count(_KNOWN))
        words = [token for token, kind in zip(tokens, kinds, strict=True) if kind != _NO_WORD]
        if self.spec.recipe.negation_scope:
            words = [word.removesuffix(NEGATED) for word in words]
        together = "".join(words)
        strange = self._letters is not None and self._letters.mostly_unknown(together)
        if not has_unspaced(together):
            return Familiarity(len(words), self._known(words), strange)
        sizes = [words_in(word) for word in words]
        known = sum(size for word, size in zip(words, sizes, strict=True) if self._known((word,)))
        return Familiarity(sum(sizes), known, strange)


def _known_by(words: WordRows | None, chars: CharRows | None) -> Callable[[Sequence[str]], int]:
    """Return a function that counts known words."""
    if words and words.low == 1:
        return words.known
    return chars.known if chars else len


def _kind_finder(known: Callable[[Sequence[str]], int], *, negation: bool) -> Callable[[str], int]:
    """Return a function that finds how a token counts.

    Not a method: with one in its memory a replaced model would be freed by the garbage collector alone.
    """

    def kind_of(token: str) -> int:
        if not token[0].isalpha():
            return _NO_WORD
        word = token.removesuffix(NEGATED) if negation else token
        if not word.isascii():
            return _STRANGE
        return _KNOWN if known((word,)) else _UNKNOWN

    return kind_of


def reason_of(uncertainty: Uncertainty, confidence: float, reading: Reading) -> UncertainReason | None:
    """Return why a prediction is uncertain, or None."""
    return uncertainty.reason(
        confidence,
        0 if is_blank(reading.text) else len(reading.tokens),
        reading.familiarity,
        share=reading.mixture.share,
        is_prose=reading.mixture.is_prose,
    )


def word_test(classifier: object) -> Callable[[str], bool] | None:
    """Return a test whether the vocabulary has a word.

    None for a classifier without single words.
    """
    reader = getattr(classifier, "reader", None)
    if not isinstance(reader, TextReader) or reader.words is None or reader.words.low > 1:
        return None
    return reader.words.is_known
