"""Request body of feedback: the right label for a prediction.

It names a prediction, a text, or both.
"""

from __future__ import annotations

from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    create_model,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from opinionlens.storage.feedback import REVIEW
from opinionlens.text.labels import LABELS, Label
from opinionlens.web.services.inputs import EXAMPLE_TEXT, InputLimits, JsonBody, text_type

MAX_SOURCE_CHARS = 50

_RESERVED = "The source `review` is kept for the review queue"
_ABOUT_NOTHING = "Give a `prediction_id`, a `text`, or both"


def _in_any_case(word: str) -> str:
    return "".join(f"[{letter.upper()}{letter.lower()}]" for letter in word)


_LABEL_PATTERN = f"^({'|'.join(_in_any_case(label) for label in LABELS)})$"


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) and value.isascii() else value


# The pattern describes it for programs; people are told the three words.
_AnyCaseLabel = Annotated[
    Label,
    BeforeValidator(_upper, json_schema_input_type=Annotated[str, Field(pattern=_LABEL_PATTERN)]),
]


class FeedbackInput(BaseModel):
    """One reader's feedback.

    The limit of the text is a setting, so `feedback_body` adds that field.
    """

    model_config = ConfigDict(
        title="FeedbackInput",
        json_schema_extra={
            "anyOf": [
                {"required": ["prediction_id"], "properties": {"prediction_id": {"type": "string"}}},
                {"required": ["text"], "properties": {"text": {"type": "string"}}},
            ],
            "examples": [
                {"prediction_id": "0b0f7a52-6f5e-4c1b-9d7a-2f1c8e4b7a10", "label": "negative"},
                {"text": EXAMPLE_TEXT, "label": "NEUTRAL", "source": "review board"},
            ],
        },
    )

    prediction_id: UUID | None = Field(
        default=None,
        description="Which answer it is about. Any id is taken, because answers are logged a moment later.",
    )
    text: str | None = None
    label: _AnyCaseLabel = Field(
        description="The right label, in upper or lower case.", examples=["NEGATIVE"]
    )
    source: str = Field(
        default="api",
        min_length=1,
        max_length=MAX_SOURCE_CHARS,
        description="Where it was given: the page, a program … `review` is kept for the review queue.",
    )

    @model_validator(mode="after")
    def is_about_something(self) -> Self:
        """Refuse a label without a prediction or a text."""
        if self.prediction_id is None and self.text is None:
            raise PydanticCustomError("about_nothing", _ABOUT_NOTHING)
        return self

    @field_validator("source")
    @classmethod
    def is_not_reserved(cls, value: str) -> str:
        """Refuse the name by which labels of administrators are known."""
        if value.strip().lower() == REVIEW:
            raise PydanticCustomError("reserved_source", _RESERVED)
        return value


def feedback_body(limits: InputLimits) -> JsonBody[FeedbackInput]:
    """Return the reader and description of a feedback body."""
    text = text_type(limits, least_chars=1)
    described = Field(
        default=None,
        description="The text of the prediction. It is kept, as it was given for that, but without e-mail "
        "addresses, telephone numbers and user names. Without it nothing can be learnt from the label unless "
        "the prediction's own text is kept.",
    )
    model: Any = create_model("FeedbackInput", __base__=FeedbackInput, text=(text | None, described))
    return JsonBody(model)
