"""Answers of the feedback routes."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ConfigDict, Field

from opinionlens.text.labels import Label
from opinionlens.web.http.schemas import AnswerModel

_FEEDBACK: dict[str, Any] = {
    "id": 12,
    "label": "NEGATIVE",
    "prediction_id": "0b0f7a52-6f5e-4c1b-9d7a-2f1c8e4b7a10",
    "source": "api",
    "at": "2026-11-22T21:00:00Z",
}


class FeedbackAnswer(AnswerModel):
    """One stored feedback entry."""

    model_config = ConfigDict(json_schema_extra={"examples": [_FEEDBACK]})

    id: int
    label: Label
    prediction_id: UUID | None = Field(description="The answer that it is about, if it named one.")
    source: str
    at: datetime


class FeedbackRow(FeedbackAnswer):
    """One reader's word, with the text."""

    model_config = ConfigDict(json_schema_extra={"examples": [_FEEDBACK | {"text": None}]})

    text: str | None = Field(description="Without e-mail addresses, telephone numbers and user names.")


class ForgottenAnswer(AnswerModel):
    """How many rows were deleted."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"feedback": 1, "predictions": 3}]})

    feedback: int = Field(description="Pieces of feedback.")
    predictions: int = Field(description="Rows of the prediction log.")


class FeedbackPage(AnswerModel):
    """A page of feedback, newest first."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"feedback": [_FEEDBACK | {"text": None}], "total": 1, "next_before": None}]
        }
    )

    feedback: list[FeedbackRow]
    total: int = Field(description="How many there are on all pages.")
    next_before: int | None = Field(
        description="What to pass as `before` for the next page; null on the last."
    )
