"""Steady, bounded load: so many predictions a second and no more, each of them noted."""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.stack.asking import Door

CLIENTS = 4
# Of all clients together; a small part of what two cores answer.
RATE = 20.0
_TEXTS = ("what a glorp day", "a drib of a queue", "klem as ever", "nothing that it knows")
_SECONDS = 30.0


@dataclass(frozen=True)
class Noted:
    """One request: when it began, how long it took, its status (0 for no answer), which version answered."""

    began: float
    seconds: float
    status: int
    version: int | None
    complaint: str = ""


def _plainly(port: int) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", port, timeout=_SECONDS)


@dataclass
class Load:
    """Load for the length of a `with` block."""

    door: Door
    rate: float = RATE
    clients: int = CLIENTS
    connect: Callable[[int], http.client.HTTPConnection] = _plainly
    noted: list[Noted] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Load:
        self._threads = [
            threading.Thread(target=self._run, args=(n,), daemon=True) for n in range(self.clients)
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(_SECONDS + 5)

    @property
    def failed(self) -> list[Noted]:
        return [one for one in self.noted if one.status != 200]

    @property
    def answered(self) -> list[Noted]:
        return [one for one in self.noted if one.status == 200]

    @property
    def seconds_away(self) -> float:
        """Return the time from the first failed request to the last."""
        began = [one.began for one in self.failed]
        return max(began) - min(began) if began else 0.0

    @property
    def versions(self) -> Counter[int | None]:
        return Counter(one.version for one in self.answered)

    def summary(self) -> str:
        """Return a line for a table: requests, failures, slowest answer."""
        kinds = Counter(one.complaint or str(one.status) for one in self.failed)
        told = ", ".join(f"{count} × {kind}" for kind, count in kinds.most_common(3))
        slowest = max((one.seconds for one in self.answered), default=0.0)
        failures = f"{len(self.failed)} failed ({told})" if kinds else "none failed"
        return f"{len(self.noted)} requests, {failures}, slowest {slowest:.2f} s"

    def _run(self, number: int) -> None:
        connection = self.connect(self.door.port)
        turn = time.monotonic() + number / self.rate
        while not self._stop.wait(max(0.0, turn - time.monotonic())):
            noted = self._ask(connection, _TEXTS[number % len(_TEXTS)])
            with self._lock:
                self.noted.append(noted)
            # No catching up after a pause: the rate is a bound.
            turn = max(turn + self.clients / self.rate, time.monotonic())
        connection.close()

    def _ask(self, connection: http.client.HTTPConnection, text: str) -> Noted:
        wall, began = time.time(), time.monotonic()
        try:
            answer = self.door.ask_on(connection, "POST", "/api/v1/inference/predict", {"text": text})
        except (OSError, http.client.HTTPException, ValueError) as error:
            connection.close()
            return Noted(wall, time.monotonic() - began, 0, None, type(error).__name__)
        version = None
        if answer.status == 200 and answer.body["model"]:
            version = answer.body["model"]["version"]
        return Noted(wall, time.monotonic() - began, answer.status, version)
