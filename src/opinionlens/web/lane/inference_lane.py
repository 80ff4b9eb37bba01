"""Lane for plain predictions, in front of middleware and routing.

Answering the prediction for one text costs more in layers that let the request pass than in the model. The
lane answers the plain case by itself and hands everything else, untouched, to the ordinary app: what is odd,
what is wrong, what takes long. `docs/decisions/0040-a-lane-for-plain-predictions.md` goes through the layers
one by one; a contract test asks both ways the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from time import perf_counter
from typing import NamedTuple

from pydantic_core import to_json
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from opinionlens.base.logs import EventLines, request_id
from opinionlens.serving.idents import Idents
from opinionlens.serving.predictor import ServedPrediction
from opinionlens.web.api.answers import answer_fields
from opinionlens.web.http.hosts import HostNames
from opinionlens.web.http.middleware import BEGAN, Fields, security_headers
from opinionlens.web.lane.answer_notes import AnswerNote, AnswerNotes
from opinionlens.web.lane.plain_requests import PlainRequest, plain_request
from opinionlens.web.metrics import AnsweredText
from opinionlens.web.services.recording import log_answer
from opinionlens.web.services.state import Services

# More than a thousand characters, each written as an escape, and some further fields.
MOST_BYTES = 16_384


class PreparedHeaders:
    """Headers of the lane's answers, made once.

    In the order in which the layers of the ordinary way add them.
    """

    def __init__(self, *, form_targets: Sequence[str] = (), varies: bool = False) -> None:
        """Prepare them.

        Args:
            form_targets: as the security headers name them.
            varies: whether answers differ by origin, so that the layer for CORS says so.
        """
        begin: Fields = ((b"content-type", b"application/json"), *(((b"vary", b"Origin"),) if varies else ()))
        self._http = begin + security_headers(form_targets, is_https=False)
        self._https = begin + security_headers(form_targets, is_https=True)

    def of(self, plain: PlainRequest, ident: str, body: bytes) -> list[tuple[bytes, bytes]]:
        """Return the headers of an answer."""
        return [
            (b"cache-control", b"no-store"),
            (b"content-length", b"%d" % len(body)),
            *(self._https if plain.is_https else self._http),
            (b"x-request-id", ident.encode()),
        ]


class InferenceLane:
    """Middleware that answers plain predictions by itself."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        services: Services,
        headers: PreparedHeaders,
        hosts: HostNames | None,
    ) -> None:
        """Stand in front of `app`.

        Args:
            app: the ordinary way.
            services: the collaborators of its routes.
            headers: of the answers.
            hosts: names that the app answers under; None for all.
        """
        self.app = app
        self._services = services
        self.notes = AnswerNotes(services.metrics, EventLines())
        self._headers = headers
        self._trusts = hosts.trusts if hosts is not None else lambda _: True
        self._most_bytes = min(MOST_BYTES, services.inputs.limits.body_bytes)
        self._idents = Idents()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        plain = plain_request(scope, most_bytes=self._most_bytes, trusts=self._trusts)
        if plain is None:
            await self.app(scope, receive, send)
            if scope["type"] == "lifespan":  # the process is about to end
                self.notes.hand_over()
            return
        began = perf_counter()
        message = await receive()
        ident = plain.ident or self._idents.new_hex()
        answer = self._answer(message, ident)
        if answer is None:
            scope[BEGAN] = began
            await self.app(scope, _beginning_with(message, receive), send)
            return
        log_answer(self._services, answer.text, answer.served)
        headers = self._headers.of(plain, ident, answer.body)
        try:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": answer.body})
        finally:  # also where the client has gone
            answered = answer.counted(perf_counter() - began, plain.announced)
            self.notes.add(AnswerNote(ident, datetime.now(UTC), answered))

    def _answer(self, message: Message, ident: str) -> _Answer | None:
        """Return the answer; None for the ordinary way to give."""
        sent = message.get("body", b"")
        if message["type"] != "http.request" or message.get("more_body") or len(sent) > self._most_bytes:
            return None
        token = request_id.set(ident)
        try:
            text = self._services.inputs.text_in(sent)
            served = self._services.predictor.predict_at_once(text)
            return None if served is None else _Answer(text, served, to_json(answer_fields(served)))
        except Exception:  # nothing has been done: the ordinary way meets the same, and has the words for it
            return None
        finally:
            request_id.reset(token)


class _Answer(NamedTuple):
    """The prediction for one text and its JSON."""

    text: str
    served: ServedPrediction
    body: bytes

    def counted(self, seconds: float, request_bytes: int) -> AnsweredText:
        """Return it as the metrics count it."""
        served = self.served
        return AnsweredText(
            served.model,
            served.prediction.label,
            served.seconds,
            len(self.text),
            seconds,
            request_bytes,
            len(self.body),
        )


def _beginning_with(message: Message, receive: Receive) -> Receive:
    """Return `receive` with a message that was already taken."""
    taken: list[Message] = [message]

    async def receive_again() -> Message:
        return taken.pop() if taken else await receive()

    return receive_again
