"""JSON to another server, in bounded time and without following it elsewhere."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Mapping
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from sentiment_steps.faults import StepError

_SECONDS = 15
_SHOWN = 300


class _StayHere(HTTPRedirectHandler):
    """A redirected POST becomes a GET of some page, whose 200 would look like success."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


def post(url: str, body: Mapping[str, Any], *, token: str = "", seconds: float = _SECONDS) -> int:
    """Send JSON and return the status of the answer, which is below 300.

    Raises:
        StepError: No answer in time, or one that says no. The address's host is named, nothing else of it.
    """
    outcome: SimpleQueue[int | StepError] = SimpleQueue()
    # A thread, because a server that sends a byte now and then keeps within every limit of a socket.
    Thread(target=lambda: outcome.put(_tried(url, body, token, seconds)), daemon=True).start()
    try:
        result = outcome.get(timeout=seconds)
    except Empty:
        result = StepError(f"{_host(url)} gave no answer in {seconds:g} seconds.")
    if isinstance(result, StepError):
        raise result
    return result


def notify(url: str, body: Mapping[str, Any], say: Callable[[str], None]) -> bool:
    """Send a notification; return whether it arrived. It never raises."""
    if not url:
        say("Nobody is notified: the Variable opinionlens_webhook_url is not set.")
        return False
    try:
        status = post(url, body)
    except Exception as error:
        say(f"The notification was not delivered: {error}")
        return False
    say(f"Notified {_host(url)}: status {status}.")
    return True


def _tried(url: str, body: Mapping[str, Any], token: str, seconds: float) -> int | StepError:
    headers = {"Content-Type": "application/json", "User-Agent": "opinionlens-sentiment-pipeline"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    try:
        request = Request(url, json.dumps(body).encode(), headers, method="POST")  # noqa: S310 - see check_address
        with build_opener(_StayHere()).open(request, timeout=seconds) as answer:
            return int(answer.status)
    except HTTPError as error:
        with error:
            said = " ".join(error.read(_SHOWN).decode(errors="replace").split())
        return StepError(f"{_host(url)} answered {error.code}: {said}")
    except (OSError, http.client.HTTPException, ValueError) as error:
        if isinstance(error, ValueError):  # it repeats the address
            error = OSError("its address cannot be used")
        return StepError(f"{_host(url)} cannot be reached: {getattr(error, 'reason', None) or error}")


def _host(url: str) -> str:
    return urlsplit(url).hostname or "The server"
