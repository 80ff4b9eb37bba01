"""Answers of a trial of two models."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from opinionlens.classifiers.uncertainty import UncertainReason
from opinionlens.text.labels import Label
from opinionlens.web.http.schemas import AnswerModel, ListedWordAnswer, ModelInfo, Probabilities, Share, Word

_WORD: dict[str, Any] = {
    "text": "late",
    "start": 15,
    "end": 19,
    "toward": "NEGATIVE",
    "strength": 1.0,
    "level": 3,
}
_LISTED: dict[str, Any] = {"text": "late", "toward": "NEGATIVE", "weight": 1.7, "times": 1, "share": 1.0}
_FIRST: dict[str, Any] = {
    "prediction": "NEGATIVE",
    "confidence": 0.81,
    "probabilities": {"NEGATIVE": 0.81, "NEUTRAL": 0.14, "POSITIVE": 0.05},
    "uncertain": False,
    "reason": None,
    "words": [_WORD | {"weight": 1.7}],
    "strongest_words": [_LISTED],
    "exact": True,
    "domain_share": 1.0,
}
_SECOND: dict[str, Any] = {
    "prediction": "NEUTRAL",
    "confidence": 0.6,
    "probabilities": {"NEGATIVE": 0.3, "NEUTRAL": 0.6, "POSITIVE": 0.1},
    "uncertain": False,
    "reason": None,
    "words": [],
    "strongest_words": [],
    "exact": False,
    "domain_share": 1.0,
}
_EXAMPLE: dict[str, Any] = {
    "models": [
        {"name": "opinionlens", "version": 3, "kind": "linear"},
        {"name": "opinionlens", "version": 4, "kind": "onnx"},
    ],
    "differing": 1,
    "texts": [
        {
            "index": 0,
            "differs": True,
            "largest_change": 0.51,
            "probabilities": {"NEGATIVE": [0.81, 0.3], "NEUTRAL": [0.14, 0.6], "POSITIVE": [0.05, 0.1]},
            "changes": {"NEGATIVE": -0.51, "NEUTRAL": 0.46, "POSITIVE": 0.05},
            "words": [{"text": "late", "toward": ["NEGATIVE", None], "shares": [1.0, None], "agrees": False}],
            "answers": [_FIRST, _SECOND],
        }
    ],
}

_Two = Field(min_length=2, max_length=2)


class TrialPrediction(AnswerModel):
    """The prediction of one model, with its reasons.

    It has no id, as it is not logged.
    """

    prediction: Label
    confidence: Share
    probabilities: Probabilities
    uncertain: bool
    reason: UncertainReason | None
    words: list[Word] = Field(description="The deciding words in the order of the text.")
    strongest_words: list[ListedWordAnswer]
    exact: bool = Field(description="False where the words' weights are estimates, by leaving each out.")
    domain_share: Share


class TrialWord(AnswerModel):
    """A word that decided in one answer or in both."""

    text: str
    toward: Annotated[list[Label | None], _Two] = Field(
        description="The class that it speaks for in each; null where it did not decide."
    )
    shares: Annotated[list[Share | None], _Two] = Field(
        description="Its weight relative to the strongest word of each. Weights of different kinds of models "
        "are not comparable."
    )
    agrees: bool = Field(description="It speaks for the same class in both.")


class TrialText(AnswerModel):
    """Both answers to one text."""

    index: int = Field(ge=0, description="The text's place in the request, from 0.")
    differs: bool = Field(description="The labels differ.")
    largest_change: Share = Field(description="The largest difference of a probability.")
    probabilities: dict[Label, Annotated[list[Share], _Two]] = Field(
        description="Of each label the first model's and the second's."
    )
    changes: dict[Label, float] = Field(description="The second's probability less the first's.")
    words: list[TrialWord] = Field(description="The deciding words of both, the strongest first.")
    answers: Annotated[list[TrialPrediction], _Two] = Field(description="In the order of `models`.")


class TrialAnswer(AnswerModel):
    """The answers of two models to the same texts."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    models: Annotated[list[ModelInfo], _Two]
    differing: int = Field(ge=0, description="How many texts get different labels.")
    texts: list[TrialText] = Field(description="In the order of the request.")
