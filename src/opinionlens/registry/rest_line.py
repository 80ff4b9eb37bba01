"""GET requests to an MLflow server, within limits.

Each pause, and the bytes of each answer, are bounded. `requests` sends them, as MLflow's client does:
proxies, certificates and logins of the environment count alike. It is imported when a line is opened.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from opinionlens.base.errors import RegistryError
from opinionlens.registry.rest_access import Access

if TYPE_CHECKING:
    from socket import socket

    from requests import Response

# A page of a hundred versions with long tags has a megabyte.
MOST_JSON_BYTES = 16_000_000
_PART = 65_536
_MOST_REDIRECTS = 3
# What MLflow's client tries again, too: a busy server, or the proxy in front of it.
_TRIED_AGAIN = (408, 429, 500, 502, 503, 504)
_STATUS_OF_CODE: Mapping[str, HTTPStatus] = {
    "RESOURCE_DOES_NOT_EXIST": HTTPStatus.NOT_FOUND,
    "NOT_FOUND": HTTPStatus.NOT_FOUND,
    "ENDPOINT_NOT_FOUND": HTTPStatus.NOT_FOUND,
    "PERMISSION_DENIED": HTTPStatus.FORBIDDEN,
    "CUSTOMER_UNAUTHORIZED": HTTPStatus.UNAUTHORIZED,
    "UNAUTHENTICATED": HTTPStatus.UNAUTHORIZED,
    "REQUEST_LIMIT_EXCEEDED": HTTPStatus.TOO_MANY_REQUESTS,
    "RESOURCE_EXHAUSTED": HTTPStatus.TOO_MANY_REQUESTS,
    "TEMPORARILY_UNAVAILABLE": HTTPStatus.SERVICE_UNAVAILABLE,
    "DEADLINE_EXCEEDED": HTTPStatus.GATEWAY_TIMEOUT,
}


class NeedsMlflow(RegistryError):
    """Only MLflow's own client can answer.

    Whoever reads over REST catches this; it is never shown.
    """


class RestError(Exception):
    """The server has refused; in the form of MLflow's exceptions."""

    def __init__(self, message: str, *, status: int, error_code: str | None = None) -> None:
        """Keep both in the form that `failures.translated` reads."""
        super().__init__(message)
        self.error_code = error_code
        self._status = status

    def get_http_status_code(self) -> int:
        """Return the status that the error has in MLflow."""
        return self._status


class RestLine:
    """A line to one server. Threads may share it.

    Every method raises the errors of `requests` (each an OSError), RestError, ValueError for an answer that
    is none of MLflow's, and NeedsMlflow where the server sends us elsewhere.
    """

    def __init__(
        self,
        uri: str,
        access: Access,
        *,
        seconds: float,
        on_waiting: Callable[[socket], None],
        on_answer: Callable[[], None],
    ) -> None:
        """Connect nothing yet.

        Args:
            uri: The server's address.
            access: How it is asked.
            seconds: For each pause of the server; every request is tried twice.
            on_waiting: Called with the socket from which an answer is awaited; may raise.
            on_answer: Called when an answer begins, and after each part of it; may raise.
        """
        import requests
        from urllib3.util import Retry

        from opinionlens.registry.endable_connections import EndableAdapter

        self._base = uri.rstrip("/")
        self._access = access
        self._seconds = seconds
        self._on_answer = on_answer
        self._session = requests.Session()
        again = Retry(
            total=1,
            backoff_factor=1,
            status_forcelist=_TRIED_AGAIN,
            respect_retry_after_header=False,  # a server may ask for an hour
        )
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, EndableAdapter(on_waiting, max_retries=again))

    def json(self, path: str, parameters: Mapping[str, str]) -> dict[str, Any]:
        """Return the object that the server answers."""
        with self._response(path, parameters) as response:
            body = b"".join(self._parts(response, MOST_JSON_BYTES))
        value = _as_object(body)
        if response.status_code != HTTPStatus.OK:
            raise _refusal(response.status_code, path, value)
        if value is None:
            raise ValueError(f"The answer to {path} is no JSON object.")
        return value

    def fetch(self, path: str, into: Path, *, most: int) -> int:
        """Write the body of an answer to a new file.

        Returns:
            The bytes received: at most `most`, or more than it where the file was cut off there.
        """
        size = 0
        with self._response(path, {}) as response:
            response.raise_for_status()
            with into.open("xb") as stream:
                for part in self._parts(response):
                    size += len(part)
                    if size > most:
                        break
                    stream.write(part)
        return size

    def close(self) -> None:
        """Close idle connections."""
        self._session.close()

    @contextmanager
    def _response(self, path: str, parameters: Mapping[str, str]) -> Iterator[Response]:
        with self._following(self._base + path, parameters) as response:
            if response.headers.get("Content-Encoding", "identity").lower() != "identity":
                raise ValueError(f"The answer to {path} is coded, though we asked for a plain one.")
            yield response

    @contextmanager
    def _following(self, address: str, parameters: Mapping[str, str]) -> Iterator[Response]:
        """Follow redirects only to where the password may go."""
        for _ in range(_MOST_REDIRECTS + 1):
            response = self._session.get(
                address,
                params=parameters,
                headers={"Accept-Encoding": "identity", "User-Agent": "opinionlens", **self._access.headers},
                verify=self._access.verify,
                cert=self._access.certificate,
                timeout=self._seconds,
                allow_redirects=False,
                stream=True,
            )
            with response:
                self._on_answer()
                if not response.is_redirect:
                    yield response
                    return
                target = urljoin(response.url, response.headers["Location"])
                if self._session.should_strip_auth(address, target):
                    raise NeedsMlflow("The server sends us to another one.")
                address, parameters = target, {}
        raise ValueError("The server sends us in a circle.")

    def _parts(self, response: Response, most: int | None = None) -> Iterator[bytes]:
        size = 0
        for part in response.iter_content(_PART):
            self._on_answer()
            size += len(part)
            if most is not None and size > most:
                raise ValueError(f"The answer is longer than {most:,} bytes.")
            yield part


def _as_object(body: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _refusal(status: int, path: str, value: dict[str, Any] | None) -> RestError:
    """Return the error for an answer other than 200.

    A refusal of MLflow names its code. Any other 404 is that of a server which is not MLflow's.
    """
    code = (value or {}).get("error_code")
    if value is None or not isinstance(code, str):
        told = f"API request to endpoint {path} failed with error code {status} != 200"
        absent = "ENDPOINT_NOT_FOUND" if status == HTTPStatus.NOT_FOUND else None
        return RestError(told, status=status, error_code=absent)
    message = f"{code}: {value.get('message', 'no message')}"
    return RestError(message, status=_STATUS_OF_CODE.get(code, status), error_code=code)
