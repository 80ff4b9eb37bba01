"""Time a short prediction beside four connections that send the worst inputs known.

    uv run python -m benchmarks.short_beside_long

Serves what the project's folder would serve: after `make demo` its champion, before it the word list. Each
kind of input is sent over four connections as fast as answers come, by a process of its own; over a fifth one
a short text is asked for every 20 ms. Prints Markdown. The bar: p99 of the short prediction at most 50 ms.
"""

from __future__ import annotations

import argparse
import http.client
import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from pathlib import Path

CONNECTIONS = 4
PAUSE_SECONDS = 0.02
PREDICT, BATCH = "/api/v1/inference/predict", "/api/v1/inference/batch_predict"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
Sent = tuple[str, bytes, str]  # path, body, type


def _text(text: str, path: str = PREDICT) -> Sent:
    return path, json.dumps({"text": text}).encode(), JSON


# Texts at the limit of 10,000 characters, bodies at that of 2 MB.
INPUTS: dict[str, Callable[[], Sent | None]] = {
    "nothing": lambda: None,
    "short texts": lambda: _text("Great seats, but the flight was late."),
    "a long review": lambda: _text("The food was not good, and we never came back! " * 212),
    "one word": lambda: _text("a" * 10_000),
    "10,000 marks": lambda: _text("!?" * 5_000),
    "10,000 emoji": lambda: _text("\U0001f600" * 10_000),
    "user names": lambda: _text("@a" * 5_000),
    "opening brackets": lambda: _text("<" * 10_000),
    "unknown words": lambda: _text(" ".join(f"w{number:x}q" for number in range(1_700))[:10_000]),
    "a long review, explained": lambda: _text("The food was not good! " * 430, "/api/v1/inference/explain"),
    "a batch of 200 long texts": lambda: (
        BATCH,
        json.dumps(["It was not good. " * 580] * 200).encode(),
        JSON,
    ),
    "130,000 unknown fields": lambda: (PREDICT, b"{" + b'"aaaaaaaaa":1,' * 130_000 + b'"text":""}', JSON),
    "600,000 lists": lambda: (PREDICT, b"[" + b"[]," * 600_000 + b"1]", JSON),
    "a form of escapes": lambda: ("/", b"text=" + b"%41" * 600_000, FORM),
    "an address of escapes": lambda: (f"{PREDICT}?text=" + "%41" * 9_999, b"", ""),
}


def main() -> None:
    """Print the time of a short prediction beside each kind of input."""
    options = _options()
    with _served() as port:
        print(f"{_answering(port)}; load average before: {os.getloadavg()[0]:.1f}\n")
        print("| beside | median ms | p99 ms | longest ms | refused/s | answered/s |")
        print("|---|---|---|---|---|---|")
        for name in options.only or INPUTS:
            print(f"| {name} | {' | '.join(_beside(port, name, options.seconds))} |", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each kind of input is sent")
    parser.add_argument("--only", nargs="*", choices=list(INPUTS), help="which inputs; all unless given")
    return parser.parse_args()


@contextmanager
def _served() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    command = [str(Path(sys.executable).with_name("opinionlens")), "serve", "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not _is_up(port):
            if server.poll() is not None or time.monotonic() > deadline:
                sys.exit("The app did not start: `opinionlens serve` says why.")
            time.sleep(0.2)
        time.sleep(5)  # the champion is loaded after the start
        yield port
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)


def _is_up(port: int) -> bool:
    try:
        return _ask(http.client.HTTPConnection("127.0.0.1", port, timeout=5), ("/health", b"", "")) == 200
    except OSError:
        return False


def _answering(port: int) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", f"{PREDICT}?text=a")
    model = json.loads(connection.getresponse().read())["model"]
    return f"Model: {model['name']} {model['version'] or ''} ({model['kind']})"


def _ask(connection: http.client.HTTPConnection, sent: Sent) -> int:
    path, body, kind = sent
    connection.request("POST" if body else "GET", path, body or None, {"Content-Type": kind} if kind else {})
    answer = connection.getresponse()
    answer.read()
    return answer.status


def _beside(port: int, name: str, seconds: float) -> list[str]:
    context = multiprocessing.get_context("spawn")
    stop, counts = context.Event(), context.Array("q", 2)
    load = context.Process(target=_load, args=(port, name, stop, counts), daemon=True)
    load.start()
    time.sleep(1.5)  # until it is under way
    times = sorted(_short_predictions(port, seconds))
    stop.set()
    load.join(30)
    lived = seconds + 1.5
    milliseconds = (times[len(times) // 2], times[min(len(times) - 1, int(len(times) * 0.99))], times[-1])
    return [*(f"{1_000 * one:.1f}" for one in milliseconds), *(f"{count / lived:.0f}" for count in counts)]


def _short_predictions(port: int, seconds: float) -> Iterator[float]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.perf_counter()
        status = _ask(connection, _text("Great seats, but the flight was late."))
        if status != 200:
            sys.exit(f"The short prediction was answered {status}.")
        yield time.perf_counter() - began
        time.sleep(PAUSE_SECONDS)


def _load(port: int, name: str, stop: Event, counts: list[int]) -> None:
    """Send one kind of input over all connections until told to stop; count refusals and answers."""
    sent = INPUTS[name]()
    if sent is None:
        return

    def send_on() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while not stop.is_set():
            try:
                counts[_ask(connection, sent) == 200] += 1
            except (OSError, http.client.HTTPException):
                connection.close()

    threads = [threading.Thread(target=send_on, daemon=True) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
