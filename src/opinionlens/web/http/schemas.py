"""Schemas of the answers for programs.

The routes write their answers directly; tests compare them with these models.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from opinionlens.classifiers.uncertainty import UncertainReason
from opinionlens.text.labels import Label

Share = Annotated[float, Field(ge=0, le=1)]

_MODEL: dict[str, Any] = {"name": "opinionlens", "version": 3, "kind": "linear"}
_ORIGIN: dict[str, Any] = {"model": _MODEL, "request_id": "5c0f9a37d1e84b0b8f5f6f4e3a2b1c0d"}
_PREDICTION: dict[str, Any] = {
    "prediction": "NEGATIVE",
    "confidence": 0.81,
    "probabilities": {"NEGATIVE": 0.81, "NEUTRAL": 0.14, "POSITIVE": 0.05},
    "uncertain": False,
    "reason": None,
    "prediction_id": "0b0f7a52-6f5e-4c1b-9d7a-2f1c8e4b7a10",
}
_ANSWER: dict[str, Any] = _PREDICTION | _ORIGIN
_WORD: dict[str, Any] = {
    "text": "late",
    "start": 15,
    "end": 19,
    "toward": "NEGATIVE",
    "strength": 1.0,
    "level": 3,
    "weight": 1.7,
}
_LISTED_WORD: dict[str, Any] = {"text": "late", "toward": "NEGATIVE", "weight": 1.7, "times": 1, "share": 1.0}
_CONTRIBUTION: dict[str, Any] = {
    "feature": "late",
    "block": "words",
    "spans": [[15, 19]],
    "values": {"NEGATIVE": 1.2, "NEUTRAL": -0.1, "POSITIVE": -1.1},
}


class AnswerModel(BaseModel):
    """Base of all answers, without undescribed fields."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())


class ModelInfo(AnswerModel):
    """Which model answered."""

    name: str
    version: int | str | None = Field(
        description="Registered version; of a model from a folder the start of its digest; null for the "
        "built-in word list."
    )
    kind: str = Field(
        description="How it works: `linear`, `skops`, `fasttext`, `onnx`, or `lexicon` for the built-in list."
    )


class Probabilities(AnswerModel):
    """Calibrated probabilities that add up to 1.

    A class that the model does not know has 0.
    """

    NEGATIVE: Share
    NEUTRAL: Share
    POSITIVE: Share


class PredictionFields(AnswerModel):
    """The prediction for one text."""

    prediction: Label
    confidence: Share = Field(description="The probability of `prediction`.")
    probabilities: Probabilities
    uncertain: bool = Field(
        description="True when the prediction should not be relied on; `reason` says why."
    )
    reason: UncertainReason | None
    prediction_id: UUID = Field(description="Names this answer in feedback.")


class PredictionAnswer(PredictionFields):
    """The prediction for one text and its model."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ANSWER]})

    model: ModelInfo
    request_id: str


class BatchPrediction(PredictionFields):
    """The prediction for one item of a batch."""

    index: int = Field(ge=0, description="The item's place in the batch, from 0.")


class ItemError(AnswerModel):
    """The reason why there is no prediction for an item."""

    code: Literal["not_a_text", "text_too_long", "not_unicode"]
    detail: str = Field(description="What is wrong, for people.")


class BatchError(AnswerModel):
    """An item of a batch that holds no valid text."""

    index: int = Field(ge=0, description="The item's place in the batch, from 0.")
    error: ItemError


class BatchDetailAnswer(AnswerModel):
    """One object per item, in their order, from one model."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                _ORIGIN
                | {
                    "results": [
                        {"index": 0} | _PREDICTION,
                        {
                            "index": 1,
                            "error": {
                                "code": "not_a_text",
                                "detail": "An item must be a text, not a number.",
                            },
                        },
                    ]
                }
            ]
        }
    )

    model: ModelInfo
    request_id: str
    results: list[BatchPrediction | BatchError]


class Scores(AnswerModel):
    """Probabilities by label in lower case, adding up to 1."""

    negative: Share
    neutral: Share
    positive: Share

    @model_validator(mode="after")
    def add_up(self) -> Self:
        """Refuse scores that are no probabilities."""
        if not math.isclose(self.negative + self.neutral + self.positive, 1, abs_tol=1e-6):
            raise ValueError("the scores do not add up to 1")
        return self


class SentimentAnswer(AnswerModel):
    """The prediction for one text, with labels in lower case."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                _ORIGIN
                | {
                    "label": "negative",
                    "confidence": 0.81,
                    "score": 0.81,
                    "scores": {"negative": 0.81, "neutral": 0.14, "positive": 0.05},
                    "uncertain": False,
                    "prediction_id": _PREDICTION["prediction_id"],
                }
            ]
        }
    )

    label: Literal["negative", "neutral", "positive"]
    confidence: Share = Field(description="The probability of `label`.")
    score: Share = Field(description="The same as `confidence`, under an older name.")
    scores: Scores
    uncertain: bool = Field(description="True when the prediction should not be relied on.")
    prediction_id: UUID = Field(description="Names this answer in feedback.")
    model: ModelInfo
    request_id: str


class ActiveModelAnswer(AnswerModel):
    """The active trained model."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model_loaded": True,
                    "model_id": "opinionlens-3",
                    "latest_model_file": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                    "model": _MODEL,
                }
            ]
        }
    )

    model_loaded: bool = Field(description="A trained model is active.")
    model_id: str | None = Field(description="Its name and version; null while only the word list answers.")
    latest_model_file: str | None = Field(
        description="SHA-256 of its artifact, which is also the name of its folder in the cache."
    )
    model: ModelInfo | None = Field(description="What answers now; null when nothing does.")


class Word(AnswerModel):
    """A part of the text that moved the prediction."""

    text: str
    start: int = Field(description="First code point.")
    end: int = Field(description="One past the last code point.")
    toward: Label = Field(description="The class that it speaks for.")
    strength: Share = Field(description="Relative to the strongest word of this text.")
    level: Literal[1, 2, 3] = Field(description="How strongly to mark it; 3 is the strongest.")
    weight: float = Field(
        description="How far it moves the balance between NEGATIVE and POSITIVE, or from both to NEUTRAL."
    )


class ListedWordAnswer(AnswerModel):
    """A deciding word once, with all its occurrences."""

    text: str
    toward: Label = Field(description="The class that it speaks for.")
    weight: float = Field(description="The sum of the weights of its occurrences.")
    times: int
    share: Share = Field(description="Its weight relative to that of the first in the list.")


class ContributionAnswer(AnswerModel):
    """The value that one feature adds to each class."""

    feature: str
    block: str = Field(description="`words`, `chars`, `lexicon`, `opinions`, or the expert's `general`.")
    spans: list[tuple[int, int]] = Field(
        description="Its places in code points; none for the text as a whole."
    )
    values: dict[Label, float]


class ExplanationAnswer(PredictionAnswer):
    """A prediction with its reasons.

    `bias`, all contributions and `rest` add up to `decision`, before calibration.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                _ANSWER
                | {
                    "words": [_WORD],
                    "strongest_words": [_LISTED_WORD],
                    "contributions": [_CONTRIBUTION],
                    "rest": {"NEGATIVE": 0.0, "NEUTRAL": 0.0, "POSITIVE": 0.0},
                    "bias": {"NEGATIVE": 0.2, "NEUTRAL": 0.1, "POSITIVE": -0.3},
                    "decision": {"NEGATIVE": 1.4, "NEUTRAL": 0.0, "POSITIVE": -1.4},
                    "exact": True,
                    "domain_share": 1.0,
                }
            ]
        }
    )

    words: list[Word] = Field(description="The deciding words in the order of the text.")
    strongest_words: list[ListedWordAnswer] = Field(
        description="At most eight different words, the strongest first."
    )
    contributions: list[ContributionAnswer] = Field(description="The largest ones, largest first.")
    rest: dict[Label, float] = Field(description="The sum of the contributions that are not listed.")
    bias: dict[Label, float]
    decision: dict[Label, float]
    exact: bool = Field(
        description="False for models that are no sum of parts; contributions are then estimates."
    )
    domain_share: float = Field(
        ge=0,
        le=1,
        description="How much the text is like the training texts. Below 1 the general expert has a part "
        "in the decision (in the block `general`), below 0.5 the greater one.",
    )


class FieldProblem(AnswerModel):
    """An error in one part of the request."""

    where: str = Field(examples=["body.text"])
    message: str = Field(examples=["String should have at most 10000 characters"])


class Problem(AnswerModel):
    """An error in the form of RFC 9457.

    It never repeats the content of the request.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:opinionlens:problem:model_not_available",
                    "title": "ModelNotAvailableError",
                    "status": 503,
                    "code": "model_not_available",
                    "detail": "No model is active yet.",
                    "request_id": "5c0f9a37d1e84b0b8f5f6f4e3a2b1c0d",
                }
            ]
        }
    )

    type: str
    title: str
    status: int
    code: str = Field(description="Stable name for programs.")
    detail: str = Field(description="What is wrong and what to do, for people.")
    request_id: str
    errors: list[FieldProblem] | None = Field(default=None, description="For invalid input: each fault.")


class Welcome(AnswerModel):
    """A greeting."""

    message: str = Field(examples=["Welcome to OpinionLens!"])


class Licence(AnswerModel):
    """Under which terms this may be used."""

    name: str


class About(AnswerModel):
    """Title, version and licence of the service, and its model."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "title": "OpinionLens",
                    "summary": "Says whether a text is negative, neutral or positive.",
                    "description": "Probabilities are calibrated.",
                    "version": "0.1.0",
                    "license_info": {"name": "Apache-2.0"},
                    "model": _MODEL,
                }
            ]
        }
    )

    title: str
    summary: str
    description: str
    version: str
    license_info: Licence
    model: ModelInfo | None = Field(description="What answers now; null when nothing does.")


class Health(AnswerModel):
    """The process answers."""

    status: Literal["ok", "stopping"] = Field(examples=["ok"])


class Readiness(AnswerModel):
    """Whether this process should be sent requests."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "status": "ready",
                    "model_loaded": True,
                    "fallback_available": True,
                    "model": _MODEL,
                    "problem": None,
                    "database_problem": None,
                }
            ]
        }
    )

    status: Literal["ready", "not_ready"]
    model_loaded: bool = Field(description="A trained model is active.")
    fallback_available: bool = Field(description="The built-in word list would answer without one.")
    model: ModelInfo | None = Field(description="What answers now.")
    problem: str | None = Field(description="Why the model that should be active is not.")
    database_problem: str | None = Field(
        description="What is wrong with the database and what to do; predictions go on without it."
    )
