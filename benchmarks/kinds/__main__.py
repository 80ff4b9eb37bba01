"""Measure what models of any kind cost to serve, side by side.

    python -m benchmarks.kinds default=objects/classifier slow=objects/transformer TEXTS.parquet

In an environment that has the libraries of all the kinds (`make models-env`). Each model is asked in a
process of its own, the models by turns, in several rounds; the table has the median of the rounds and, in
parentheses, how many times the first model's it is. Processor time, because the machine may have neighbours.
Prints Markdown.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np
from benchmarks.kinds.asking import TOGETHER, Asked

from opinionlens.pipeline.splits_on_disk import read_labelled_texts

SEED, TEXTS = 42, 512
LONGEST_RUN_S = 900
HEAD = (
    "| model | kind | MB on disk | load, s | memory, MB | µs a text, alone | its p99 "
    "| µs a text of many | texts/s | explain, ms |"
)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("models", nargs="+", metavar="NAME=FOLDER")
    parser.add_argument("texts", type=Path, help="a Parquet file of a split")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    folders = dict(one.split("=", 1) for one in options.models)
    texts = drawn(read_labelled_texts(options.texts).texts)
    found: dict[str, list[Asked]] = {name: [] for name in folders}
    print(f"{len(texts)} texts; load average before: {os.getloadavg()[0]:.1f}\n", flush=True)
    for _ in range(options.rounds):
        for name, folder in folders.items():
            found[name].append(asked_apart(folder, texts))
    print(table({name: median(rounds) for name, rounds in found.items()}))


def drawn(texts: Sequence[str]) -> list[str]:
    """The texts to ask about, drawn by seed."""
    rows = np.random.default_rng(SEED).permutation(len(texts))[:TEXTS]
    return [texts[row] for row in rows.tolist()]


def asked_apart(folder: str, texts: Sequence[str]) -> Asked:
    """Ask one model in a fresh process."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.kinds.asking", folder],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        timeout=LONGEST_RUN_S,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stderr[-2000:])
    return Asked(**json.loads(done.stdout))


def median(rounds: Sequence[Asked]) -> Asked:
    """The median of each figure."""
    values = {
        field.name: (
            getattr(rounds[0], field.name)
            if field.name in ("kind", "family")
            else statistics.median(getattr(one, field.name) for one in rounds)
        )
        for field in fields(Asked)
    }
    return Asked(**values)


def table(found: dict[str, Asked]) -> str:
    """The figures as Markdown, the first model's as the measure of the others."""
    first = next(iter(found.values()))
    lines = [HEAD, "|---" * HEAD.count(" |") + "|"]
    for name, one in found.items():
        lines.append(
            f"| {name} | {one.kind} ({one.family}) | {one.megabytes:.1f} | {one.load_seconds:.2f} "
            f"| {one.memory_megabytes:.0f} "
            f"| {one.one_us:,.0f} ({one.one_us / first.one_us:.1f}) | {one.one_p99_us:,.0f} "
            f"| {one.many_us:,.0f} ({one.many_us / first.many_us:.1f}) | {1e6 / one.many_wall_us:,.0f} "
            f"| {one.explain_ms:,.1f} |"
        )
    lines.append(f"\nMany: {TOGETHER} at a time; texts/s by the clock on {os.cpu_count()} cores.")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
