"""One model in a process of its own: load it, ask it, write down what that took."""

from __future__ import annotations

import json
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from opinionlens.classifiers.classifier import Classifier
from opinionlens.classifiers.load import load_classifier

# As many as the app gives a classifier in one call.
TOGETHER = 256
EXPLAINED = 20


@dataclass(frozen=True)
class Asked:
    """The costs of one model in one process.

    Attributes:
        kind: as its manifest says.
        family: of its training.
        megabytes: of the artifact's files.
        load_seconds: from files to the first answer, with the imports of its kind.
        memory_megabytes: of the whole process at its largest, with Python and numpy.
        one_us: processor time of a text, asked one at a time; the median of the texts.
        one_p99_us: the 99th percentile of the same.
        many_us: processor time of a text, asked many at a time.
        many_wall_us: the same by the clock.
        explain_ms: processor time of an explanation; the median.
    """

    kind: str
    family: str
    megabytes: float
    load_seconds: float
    memory_megabytes: float
    one_us: float
    one_p99_us: float
    many_us: float
    many_wall_us: float
    explain_ms: float


def ask(folder: Path, texts: Sequence[str]) -> Asked:
    """Load and ask; the first texts only warm up."""
    started = time.perf_counter()
    classifier = load_classifier(folder)
    classifier.predict(texts[0])
    loaded = time.perf_counter() - started
    for text in texts[: TOGETHER // 4]:
        classifier.predict(text)
    single = sorted(_processor_us(lambda text=text: classifier.predict(text)) for text in texts)  # type: ignore[misc]
    many, wall = _together(classifier, texts)
    explained = [_processor_us(lambda text=text: classifier.explain(text)) for text in texts[:EXPLAINED]]  # type: ignore[misc]
    manifest = classifier.manifest
    return Asked(
        kind=manifest.kind,
        family=manifest.training.family,
        megabytes=sum(file.stat().st_size for file in folder.iterdir()) / 1e6,
        load_seconds=loaded,
        memory_megabytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        one_us=statistics.median(single),
        one_p99_us=single[int(0.99 * (len(single) - 1))],
        many_us=many,
        many_wall_us=wall,
        explain_ms=statistics.median(explained) / 1000,
    )


def _processor_us(call: Callable[[], object]) -> float:
    """The processor time of one call; of all threads, because some kinds have their own."""
    before = time.process_time_ns()
    call()
    return (time.process_time_ns() - before) / 1000


def _together(classifier: Classifier, texts: Sequence[str]) -> tuple[float, float]:
    """The least of three rounds, in processor time and by the clock, for each text."""
    rounds = []
    for _ in range(3):
        processor, wall = time.process_time(), time.perf_counter()
        for start in range(0, len(texts), TOGETHER):
            classifier.predict_many(texts[start : start + TOGETHER])
        rounds.append((time.process_time() - processor, time.perf_counter() - wall))
    return tuple(1e6 * min(each) / len(texts) for each in zip(*rounds, strict=True))  # type: ignore[return-value]


if __name__ == "__main__":
    print(json.dumps(asdict(ask(Path(sys.argv[1]), json.loads(sys.stdin.read())))))
