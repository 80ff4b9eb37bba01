"""Load on the whole stack through Traefik, on a Docker engine of its own, while parts die.

    uv run python -m benchmarks.resilience [--minutes 10] [--out docs/pictures/resilience.svg]

First a closed loop finds how many requests a second there are at most, with the load's own cost on the same
machine; then half of that many are sent, and each fault comes in its turn. It needs what `make test-stack`
needs. A client sends one request at a time: while it waits, its next ones are late.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from benchmarks.resilience.figures import Phase, over_time, phase_of
from benchmarks.resilience.picture import draw
from benchmarks.resilience.story import Fault, faults, make_versions_live
from tests.stack.asking import Door
from tests.stack.compose import Compose
from tests.stack.engine import engine_in_use
from tests.stack.host_training import HostProject
from tests.stack.load import Load
from tests.stack.tables import Tables
from tests.stack.whole import stand_in_images, whole_stack

CLIENTS = 16
_WARM_SECONDS, _MAXIMUM_SECONDS = 5, 20
_HEAD = ("phase", "requests", "failed", "from the first to the last failure, s", "p50 ms", "p99 ms")


def main() -> None:
    """Run it and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10.0, help="length of the run, 2 to 30")
    parser.add_argument("--out", type=Path, default=Path("resilience.svg"), help="the picture")
    chosen = parser.parse_args()
    if not 2 <= chosen.minutes <= 30:
        parser.error("--minutes must be from 2 to 30")
    tables = Tables()
    with tempfile.TemporaryDirectory() as folder, engine_in_use() as docker:
        images = stand_in_images(docker, tables)
        with whole_stack(docker, images, tables, Path(folder) / "project") as stack:
            app = stack.app.with_key(stack.project.admin_key)
            (Path(folder) / "host").mkdir()
            make_versions_live(app, HostProject(Path(folder) / "host", stack.project.folder / ".env.stage"))
            print(f"idle: {memory(stack.compose)}", flush=True)
            most = maximum(app)
            print(f"at most {most:.0f} requests a second with {CLIENTS} clients", flush=True)
            run(app, faults(stack, app), seconds=chosen.minutes * 60, rate=most / 2, out=chosen.out)


def memory(compose: Compose) -> str:
    """Return what each container uses, as the engine counts it."""
    form = "{{.Name}} {{.MemUsage}}"
    told = compose.docker.run("stats", "--no-stream", "--format", form).splitlines()
    return ", ".join(f"{name.split('-', 2)[-1]} {used}" for name, used, *_ in map(str.split, sorted(told)))


def maximum(app: Door) -> float:
    """Return the requests a second of clients that ask again at once."""
    for seconds in (_WARM_SECONDS, _MAXIMUM_SECONDS):
        with Load(app, rate=math.inf, clients=CLIENTS) as load:
            time.sleep(seconds)
    if load.failed:
        raise RuntimeError(f"the load finds the stack out of order: {load.summary()}")
    return len(load.noted) / _MAXIMUM_SECONDS


def run(app: Door, planned: tuple[Fault, ...], *, seconds: float, rate: float, out: Path) -> None:
    """Send the load, let the faults come, print the table and write the picture."""
    began = time.time()
    happened = []
    with Load(app, rate=rate, clients=CLIENTS) as load:
        for fault in planned:
            time.sleep(max(0.0, began + fault.at * seconds - time.time()))
            happened.append((time.time(), fault.name))
            print(f"{time.time() - began:6.1f} s  {fault.name}", flush=True)
            fault.do()
        time.sleep(max(0.0, began + seconds - time.time()))
    moments = [(began, "no fault yet"), *happened, (math.inf, "")]
    phases = [phase_of(name, load.noted, start, end) for (start, name), (end, _) in pairwise(moments)]
    phases.append(phase_of("the whole run", load.noted, began, math.inf))
    print(table(phases))
    marks = [((when - began) / 60, name) for when, name in happened]
    draw(over_time(load.noted, began, seconds), marks, out, rate=rate)
    print(f"written: {out}")


def table(phases: list[Phase]) -> str:
    """Return the phases in Markdown."""
    rows = [_HEAD, ("---",) * len(_HEAD), *(phase.cells() for phase in phases)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


if __name__ == "__main__":
    main()
