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
from opinionlens.text.recipe import NEGATED
from opinionlens.text.scripts import Letters, has_unspaced, words_in

_MANY = 200  # tokens; from here on a look at each costs more than finding the distinct ones
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

    def read(self, text: str) -> Reading:
        """Return `text` as the model reads it."""
        pieces, tokens, lexicon = self.spec.pieces_tokens_lexicon(text)
        words = self.words.of(tokens) if self.words else []
        chars = self.chars.of(tokens) if self.chars else _NO_ROWS
        mixture, general, opinions = self.mixture_and_values(text, pieces, tokens)
        return Reading(text, tokens, words, chars, lexicon, mixture, general, opinions)

    def mixture_and_values(
        self, text: str, pieces: Sequence[str], tokens: Sequence[str]
    ) -> tuple[Mixture, Sequence[float], Sequence[float]]:
        """Return a text's mixture, general values and opinion values.

        Values that no part of the decision uses are zeros; those that the model has no weights for are none.
        """
        mixture = self.expert.mixture(text, pieces, tokens) if self.expert else WHOLE_DOMAIN
        if mixture.uses_values:
            general = general_values(text, pieces)
            return mixture, general, general[_OPINIONS:] if self.spec.opinions else ()
        general = NO_VALUES if self.expert else []
        if not self.spec.opinions:
            return mixture, general, ()
        return mixture, general, opinion_values(pieces) if mixture.domain else _NO_OPINIONS

    def reason(
        self,
        uncertainty: Uncertainty,
        confidence: float,
        text: str,
        tokens: Sequence[str],
        mixture: Mixture = WHOLE_DOMAIN,
    ) -> UncertainReason | None:
        """Return why the prediction for `text` is uncertain, or None."""
        familiarity = self.familiarity(tokens) if uncertainty.min_known_share else Familiarity()
        return uncertainty.reason(
            confidence,
            0 if is_blank(text) else len(tokens),
            familiarity,
            share=mixture.share,
            is_prose=mixture.is_prose,
        )

    def familiarity(self, tokens: Sequence[str]) -> Familiarity:
        """Return the number of words, and of known ones.

        A word begins with a letter: emoji, numbers and `<url>` say nothing about the language of a text. In
        scripts without spaces every letter counts as a word. A model without single words in its vocabulary
        knows a word by its character n-grams; one without either knows all.
        """
        if len(tokens) <= _MANY:
            words = [token for token in tokens if token[0].isalpha()]
        else:  # ten thousand emoji are few distinct ones
            distinct = {token for token in set(tokens) if token[0].isalpha()}
            words = list(filter(distinct.__contains__, tokens))
        if self.spec.recipe.negation_scope:
            words = [word.removesuffix(NEGATED) for word in words]
        together = "".join(words)
        if together.isascii():
            return Familiarity(len(words), self._known(words))
        strange = self._letters is not None and self._letters.mostly_unknown(together)
        if not has_unspaced(together):
            return Familiarity(len(words), self._known(words), strange)
        sizes = [words_in(word) for word in words]
        known = sum(size for word, size in zip(words, sizes, strict=True) if self._known((word,)))
        return Familiarity(sum(sizes), known, strange)

    def _known(self, words: Sequence[str]) -> int:
        if self.words and self.words.low == 1:
            return self.words.known(words)
        return self.chars.known(words) if self.chars else len(words)


def word_test(classifier: object) -> Callable[[str], bool] | None:
    """Return a test whether the vocabulary has a word.

    None for a classifier without single words.
    """
    reader = getattr(classifier, "reader", None)
    if not isinstance(reader, TextReader) or reader.words is None or reader.words.low > 1:
        return None
    return reader.words.is_known
