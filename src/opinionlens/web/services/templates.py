"""Page templates and the values that they show."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from opinionlens.accounts.principals import Visitor
from opinionlens.base.errors import SettingsInvalid
from opinionlens.base.logs import request_id
from opinionlens.classifiers.uncertainty import UNCERTAIN_SENTENCES, UNFAMILIAR_BELOW, UncertainReason
from opinionlens.serving.predictor import ExplainedAnswer
from opinionlens.serving.store import ModelStore, ServedModel
from opinionlens.text.labels import LABELS, Label
from opinionlens.web.services.deciding_words import (
    ListedWord,
    Segment,
    deciding_words,
    stretches,
    strongest_words,
)
from opinionlens.web.services.inputs import InputLimits

EXAMPLES: tuple[tuple[str, str], ...] = (
    ("Praise", "Thank you for the upgrade! Great crew, smooth flight, best birthday ever."),
    ("Complaint", "Two hours late, no explanation, and now my bag is lost. Worst service ever."),
    ("Neither", "Does flight 212 still leave from gate B7 this evening?"),
)


@dataclass(frozen=True, slots=True)
class ProbabilityBar:
    """One class with its probability."""

    label: Label
    share: float


@dataclass(frozen=True, slots=True)
class PredictionView:
    """Everything that the page shows about one text."""

    label: Label
    confidence: float
    bars: tuple[ProbabilityBar, ...]
    reason: UncertainReason | None
    stretches: list[Segment]
    words: list[ListedWord]
    model: ServedModel
    milliseconds: float
    prediction_id: str
    by_word_list: bool


@dataclass(frozen=True, slots=True)
class HomeView:
    """View model of the home page.

    `noted` is the label that a reader gave as the right one, once it is stored; `feedback_alert` says why it
    was not stored.
    """

    text: str = ""
    prediction: PredictionView | None = None
    alert: str | None = None
    noted: Label | None = None
    feedback_alert: str | None = None


@dataclass(frozen=True, slots=True)
class ApiRow:
    """One line of the table of addresses."""

    method: str
    path: str
    summary: str
    tag: str


async def _undescribed() -> Mapping[str, Any]:
    return {"paths": {}}


@dataclass
class Pages:
    """Renderer of the templates.

    `describe` returns the app's OpenAPI document; it is set once the app has its routes.
    """

    environment: jinja2.Environment
    store: ModelStore
    limits: InputLimits
    version: str
    describe: Callable[[], Awaitable[Mapping[str, Any]]] = _undescribed

    async def home(self, request: Request, view: HomeView, status: int = 200) -> Response:
        """Return the home page."""
        answering = self.store.active or self.store.fallback
        return self.render(
            request,
            "home.html",
            status,
            view=view,
            answering=answering,
            is_fallback=self.store.active is None,
            examples=EXAMPLES,
            labels=LABELS,
            uncertain_words=UNCERTAIN_SENTENCES,
            api_rows=api_rows(await self.describe()),
            base_url=str(request.base_url),
        )

    def docs(self, request: Request, openapi_url: str) -> Response:
        """Return the page that Swagger fills."""
        return self.render(request, "docs.html", here="docs", openapi_url=openapi_url)

    def failure(
        self, request: Request, status: int, detail: str, *, headers: Mapping[str, str] | None = None
    ) -> Response:
        """Return an error as a page."""
        title = HTTPStatus(status).phrase
        page = self.render(
            request, "failure.html", status, title=title, detail=detail, request_id=request_id.get()
        )
        page.headers.update(headers or {})
        return page

    def render(
        self,
        request: Request,
        name: str,
        status: int = 200,
        **context: Any,  # noqa: ANN401 - as the template asks
    ) -> Response:
        """Return a page from its template.

        `here` in the context names its entry in the site's navigation.
        """
        frame = {"version": self.version, "limits": self.limits, "here": None, **visitor(request)}
        html = self.environment.get_template(name).render(frame | context)
        # Text from outside can hold half of a surrogate pair, which no page can show.
        content = html.encode("utf-8", "replace")
        return HTMLResponse(content, status, {"Cache-Control": "no-store"})


def visitor(request: Request) -> dict[str, Any]:
    """Return the visitor's name, rights and CSRF token.

    They are None and empty where the visitor is not logged in.
    """
    # Whoever looked (`visitor_of`, `view_page`) left it here: rendering asks no database.
    known: Visitor | None = getattr(request.state, "visitor", None)
    if known is None:
        return {"user": None, "csrf_token": None, "rights": frozenset()}
    return {
        "user": known.viewer.name,
        "csrf_token": known.csrf_token,
        "rights": known.viewer.rights,
    }


def view_of(answer: ExplainedAnswer) -> PredictionView:
    """Return the view of a prediction for the home page."""
    prediction = answer.explanation.prediction
    words = deciding_words(answer.explanation)
    return PredictionView(
        label=prediction.label,
        confidence=prediction.confidence,
        bars=tuple(ProbabilityBar(*pair) for pair in zip(LABELS, prediction.probabilities, strict=True)),
        reason=prediction.reason,
        stretches=stretches(answer.explanation.text, words),
        words=strongest_words(words),
        model=answer.model,
        milliseconds=answer.seconds * 1_000,
        prediction_id=str(answer.id),
        by_word_list=answer.explanation.share < UNFAMILIAR_BELOW,
    )


def api_rows(schema: Mapping[str, Any]) -> list[ApiRow]:
    """Return the addresses of an OpenAPI document, in its order."""
    return [
        ApiRow(method.upper(), path, operation["summary"], operation.get("tags", [""])[0])
        for path, operations in schema["paths"].items()
        for method, operation in operations.items()
    ]


def load_templates(folder: Path) -> jinja2.Environment:
    """Return the templates of `folder`.

    A template that uses a name it is not given fails, instead of showing nothing.

    Raises:
        SettingsInvalid: there is no such folder.
    """
    if not folder.is_dir():
        raise SettingsInvalid(
            "There are no page templates.",
            where=str(folder),
            remedy="Leave API__TEMPLATES_PATH unset to take the installed ones.",
        )
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {"percent": percent, "marked": marked}
    return environment


def marked(words: str) -> Markup:
    """Return a message with its `code` set as code.

    Everything else is escaped.
    """
    parts = (escape(part) for part in words.split("`"))
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if i % 2 else part for i, part in enumerate(parts)
    )


def percent(share: float) -> str:
    """Return a share in whole per cent.

    Never 100 or 0 for a share that is not quite that.
    """
    if 0.995 <= share < 1:
        return "> 99 %"
    return "< 1 %" if 0 < share < 0.005 else f"{share * 100:.0f} %"
