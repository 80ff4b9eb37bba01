"""Processor time of the drift sums for each request.

    uv run python -m benchmarks.drift_gathering --texts tweets.csv [--text-column text]

Two apps answer the same texts by turns over HTTP, one of them without sums. The time is that of all threads
of the serving process, so what the prediction log's thread does is in it. The best of all repeats counts.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import os
import socket
import tempfile
import time
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import structlog
import uvicorn
from benchmarks.drift_model import make_model, texts_of
from fastapi import FastAPI

from opinionlens.base.setting_groups import ApiSettings, DatabaseSettings
from opinionlens.base.settings import Settings
from opinionlens.registry import MemoryRegistry
from opinionlens.web.factory import create_app
from opinionlens.web.services.state import Services

PATH = "/api/v1/inference/predict"
CONNECTIONS = 8
WITHOUT, WITH = "without sums", "with sums"


def app_with(folder: Path) -> FastAPI:
    """Return an app with its own database and cache."""
    settings = Settings().model_copy(
        update={
            "api": ApiSettings(saved_model_path=folder / "models", error_log_path=folder / "app.log"),
            "database": DatabaseSettings(url=f"sqlite:///{folder / 'app.db'}"),
        }
    )
    return create_app(settings, registry=MemoryRegistry())


def ask(port: int, texts: list[str]) -> None:
    """Have each text predicted, over a few connections."""
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(
            pool.map(
                _ask_in_turn, [port] * CONNECTIONS, [texts[each::CONNECTIONS] for each in range(CONNECTIONS)]
            )
        )


def _ask_in_turn(port: int, texts: list[str]) -> None:
    connection = http.client.HTTPConnection("localhost", port, timeout=60)
    for text in texts:
        body = json.dumps({"text": text}).encode()
        connection.request("POST", PATH, body, {"content-type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"The app answered {answer.status}.")
    connection.close()


@dataclass(frozen=True)
class ServedApp:
    """An app with the port of its server."""

    services: Services
    port: int

    async def microseconds(self, texts: list[str], client: Executor) -> float:
        """Return the processor time for each request and its row."""
        records = self.services.records
        written = records.counts.written
        started = time.process_time()
        await asyncio.get_running_loop().run_in_executor(client, ask, self.port, texts)
        while records.counts.written < written + len(texts):  # noqa: ASYNC110 - a thread writes
            await asyncio.sleep(0.1)
        return (time.process_time() - started) / len(texts) * 1e6


async def serve(app: FastAPI, stack: AsyncExitStack) -> ServedApp:
    """Serve an app on a free port until the stack ends."""
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    server = uvicorn.Server(
        uvicorn.Config(app, lifespan="on", ws="none", log_level="error", access_log=False)
    )
    serving = asyncio.create_task(server.serve(sockets=[listener]))

    async def end() -> None:
        server.should_exit = True
        await serving

    stack.push_async_callback(end)
    while not server.started:  # noqa: ASYNC110 - it tells nobody
        await asyncio.sleep(0.1)
    services: Services = server.lifespan.state["services"]
    while not services.records.is_ready:  # noqa: ASYNC110 - a thread prepares them
        await asyncio.sleep(0.1)
    return ServedApp(services, int(listener.getsockname()[1]))


async def measure(texts: list[str], repeats: int) -> dict[str, float]:
    """Return the best time of both ways."""
    best = {WITHOUT: float("inf"), WITH: float("inf")}
    async with AsyncExitStack() as stack:
        client = stack.enter_context(ProcessPoolExecutor(1, get_context("spawn")))
        work = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        model = make_model(texts, work / "classifier")
        apps = {}
        for way in best:
            apps[way] = one = await serve(app_with(work / way), stack)
            served = one.services.store.load_folder(model, "measured")
            one.services.store.activate(served if way == WITH else replace(served, folder=None))
            await one.microseconds(texts, client)
        for _ in range(repeats):
            for way, one in apps.items():
                best[way] = min(best[way], await one.microseconds(texts, client))
    return best


def main() -> None:
    """Measure both ways and print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--texts", type=Path, required=True)
    parser.add_argument("--text-column", default="text")
    parser.add_argument("--requests", type=int, default=3_000)
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    before = os.getloadavg()[0]
    texts = texts_of(options.texts, options.text_column, options.requests)
    best = asyncio.run(measure(texts, options.repeats))
    for way, value in best.items():
        print(f"{way:14} {value:7.1f} µs   {value / best[WITHOUT] - 1:+6.1%}")
    print(f"load average {before:.1f} before, {os.getloadavg()[0]:.1f} after")


if __name__ == "__main__":
    main()
