"""The answers as programs see them. The routes write them directly; tests hold them to these models."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from opinionlens.classifiers.uncertainty import UncertainReason
from opinionlens.text.labels import Label

Share = Annotated[float, Field(ge=0, le=1)]

_MODEL: dict[str, Any] = {"name": "opinionlens", "version": 3, "kind": "linear"}
_PREDICTION: dict[str, Any] = {
    "prediction": "NEGATIVE",
    "confidence": 0.81,
    "probabilities": {"NEGATIVE": 0.81, "NEUTRAL": 0.14, "POSITIVE": 0.05},
    "uncertain": False,
    "reason": None,
    "model": _MODEL,
    "request_id": "5c0f9a37d1e84b0b8f5f6f4e3a2b1c0d",
}
_WORD: dict[str, Any] = {
    "text": "late",
    "start": 15,
    "end": 19,
    "toward": "NEGATIVE",
    "strength": 1.0,
    "weight": 1.7,
}
_CONTRIBUTION: dict[str, Any] = {
    "feature": "late",
    "block": "words",
    "spans": [[15, 19]],
    "values": {"NEGATIVE": 1.2, "NEUTRAL": -0.1, "POSITIVE": -1.1},
}


class Answer(BaseModel):
    """What is common to all answers: no more fields than described."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())


class ModelInfo(Answer):
    """Which model answered."""

    name: str
    version: int | None = Field(description="Registered version; null for the built-in word list.")
    kind: str = Field(description="How it works: `linear`, `skops`, or `lexicon` for the built-in word list.")


class Probabilities(Answer):
    """Calibrated, and adding up to 1. A class that the model does not know has 0."""

    NEGATIVE: Share
    NEUTRAL: Share
    POSITIVE: Share


class PredictionAnswer(Answer):
    """The verdict on one text."""

    model_config = ConfigDict(json_schema_extra={"examples": [_PREDICTION]})

    prediction: Label
    confidence: Share = Field(description="The probability of `prediction`.")
    probabilities: Probabilities
    uncertain: bool = Field(description="True when the verdict should not be relied on; `reason` says why.")
    reason: UncertainReason | None
    model: ModelInfo
    request_id: str


class Word(Answer):
    """A stretch of the text that moved the verdict."""

    text: str
    start: int = Field(description="First code point.")
    end: int = Field(description="One past the last code point.")
    toward: Label = Field(description="The class that it speaks for.")
    strength: Share = Field(description="Relative to the strongest word of this text.")
    weight: float = Field(
        description="How far it moves the balance between NEGATIVE and POSITIVE, or from both to NEUTRAL."
    )


class ContributionAnswer(Answer):
    """What one feature adds to the decision value of each class."""

    feature: str
    block: str = Field(description="`words`, `chars` or `lexicon`.")
    spans: list[tuple[int, int]] = Field(
        description="Its places in code points; none for the text as a whole."
    )
    values: dict[Label, float]


class ExplanationAnswer(PredictionAnswer):
    """A verdict with its reasons: `bias`, all contributions and `rest` add up to `decision`, uncalibrated."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                _PREDICTION
                | {
                    "words": [_WORD],
                    "contributions": [_CONTRIBUTION],
                    "rest": {"NEGATIVE": 0.0, "NEUTRAL": 0.0, "POSITIVE": 0.0},
                    "bias": {"NEGATIVE": 0.2, "NEUTRAL": 0.1, "POSITIVE": -0.3},
                    "decision": {"NEGATIVE": 1.4, "NEUTRAL": 0.0, "POSITIVE": -1.4},
                    "exact": True,
                }
            ]
        }
    )

    words: list[Word] = Field(description="The deciding words in the order of the text.")
    contributions: list[ContributionAnswer] = Field(description="The largest ones, largest first.")
    rest: dict[Label, float] = Field(description="The sum of the contributions that are not listed.")
    bias: dict[Label, float]
    decision: dict[Label, float]
    exact: bool = Field(
        description="False for models that are no sum of parts; contributions are then estimates."
    )


class FieldProblem(Answer):
    """What is wrong with one part of the request."""

    where: str = Field(examples=["body.text"])
    message: str = Field(examples=["String should have at most 10000 characters"])


class Problem(Answer):
    """An error as RFC 9457 has it. What was sent is never repeated in it."""

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


class Welcome(Answer):
    """A greeting."""

    message: str = Field(examples=["Welcome to OpinionLens!"])


class Licence(Answer):
    """Under which terms this may be used."""

    name: str


class About(Answer):
    """What this is."""

    title: str
    summary: str
    description: str
    version: str
    license_info: Licence
    model: ModelInfo | None = Field(description="What answers now; null when nothing does.")


class Health(Answer):
    """The process answers."""

    status: Literal["ok"]


class Readiness(Answer):
    """Whether this process should be sent requests."""

    status: Literal["ready", "not_ready"]
    model_loaded: bool = Field(description="A trained model is active.")
    fallback_available: bool = Field(description="The built-in word list would answer without one.")
    model: ModelInfo | None = Field(description="What answers now.")
    problem: str | None = Field(description="Why the model that should be active is not.")
