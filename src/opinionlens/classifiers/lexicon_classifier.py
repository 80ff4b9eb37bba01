"""Kind `lexicon`: VADER's word list alone.

It needs no artifact, so it can predict while there is no model. It reads `compound`, the sum of all valences
squeezed into -1 to 1, and nothing else. The coefficients were fitted by multinomial logistic regression on
9,000 of the sample's brand tweets, the three classes weighted alike. There its expected calibration error is
0.02; on texts that it never saw it is 0.06 (film reviews) and 0.12 (food reviews). It gets every second tweet
right, so its confidence ends at 0.81, and a text without a word of sentiment is neutral with 0.47.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from opinionlens.classifiers.explanation import Contribution, Explanation
from opinionlens.classifiers.manifest import Manifest, Training
from opinionlens.classifiers.prediction import Prediction
from opinionlens.classifiers.uncertainty import Familiarity, Uncertainty
from opinionlens.features.calibration import Calibration, FloatArray
from opinionlens.features.spec import FeatureSpec
from opinionlens.text.blank import is_blank
from opinionlens.text.labels import LABELS, Label
from opinionlens.text.lexicon import LEXICON_FEATURES
from opinionlens.text.recipe import RECIPES

_COMPOUND = LEXICON_FEATURES.index("compound")
# Per label: the weight of compound, that of its absolute value, and the bias. Neutral is the reference.
_BY_SIGN = np.array([-1.25, 0.0, 0.69])
_BY_SIZE = np.array([1.57, 0.0, 2.23])
_BIAS = np.array([-0.38, 0.0, -0.82])

_MANIFEST = Manifest(
    kind="lexicon",
    labels=LABELS,
    features=FeatureSpec(RECIPES["social-v2"], word_ngrams=None, char_ngrams=None, lexicon=True),
    calibration=Calibration.none(len(LABELS)),
    uncertainty=Uncertainty(min_confidence=0.5),
    training=Training(family="vader", sources=("brand_tweets",), rows=9_000),
)


class LexiconClassifier:
    """A classifier by VADER's valences of words.

    It knows three classes, negation and intensifiers.
    """

    manifest: Manifest = _MANIFEST
    labels: tuple[Label, ...] = LABELS

    def decision_values(self, texts: Sequence[str]) -> FloatArray:
        """Return the scores (n, 3) before the softmax."""
        return self._decide([self._compound(text) for text in texts])

    def predict_proba(self, texts: Sequence[str]) -> FloatArray:
        """Return probabilities (n, 3), rows summing to 1."""
        return self.manifest.calibration.apply(self.decision_values(texts))

    def predict(self, text: str) -> Prediction:
        """Predict one text."""
        return self.predict_many([text])[0]

    def predict_many(self, texts: Sequence[str]) -> list[Prediction]:
        """Predict many texts at once."""
        read = [self.manifest.features.tokens_and_lexicon(text) for text in texts]
        decisions = self._decide([values[_COMPOUND] for _, values in read])
        rows = self.manifest.calibration.apply(decisions).tolist()
        reason = self.manifest.uncertainty.reason
        return [
            Prediction.of(LABELS, row, reason(max(row), 0 if is_blank(text) else len(tokens), Familiarity()))
            for text, (tokens, _), row in zip(texts, read, rows, strict=True)
        ]

    def explain(self, text: str) -> Explanation:
        """Return the contribution of each word and emoticon.

        It is their exact part of compound.
        """
        compound = self._compound(text)
        weights = _BY_SIGN + _BY_SIZE * np.sign(compound)
        features = self.manifest.features
        pieces = features.recipe.pieces_with_places(text)
        found = [part for part in features.lexicon_parts(pieces) if part.feature == "compound"]
        contribution = Contribution(
            "compound",
            "lexicon",
            tuple((weights * compound).tolist()),
            tuple((part.start, part.end) for part in found),
            tuple(tuple((weights * part.value).tolist()) for part in found),
        )
        return Explanation(
            text=text,
            labels=LABELS,
            decision=tuple(self._decide([compound])[0].tolist()),
            bias=tuple(_BIAS.tolist()),
            contributions=(contribution,) if found else (),
            tokens=tuple(self.manifest.features.recipe.tokenize(text)),
            prediction=self.predict(text),
        )

    def _compound(self, text: str) -> float:
        return self.manifest.features.tokens_and_lexicon(text)[1][_COMPOUND]

    def _decide(self, compounds: Sequence[float]) -> FloatArray:
        compound = np.array(compounds).reshape(-1, 1)
        decisions: FloatArray = compound * _BY_SIGN + np.abs(compound) * _BY_SIZE + _BIAS
        return decisions
