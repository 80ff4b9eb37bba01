"""View of `/metrics` on the measured series.

It adds the names that are sums of others and leaves out unknown values.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Protocol

from prometheus_client import Metric
from prometheus_client.registry import Collector

from opinionlens.text.labels import LABELS
from opinionlens.web.metrics.catalogue import (
    ACTIVE_MODEL,
    CATALOGUE,
    HTTP_SECONDS,
    HTTP_SECONDS_ALL,
    INFERENCE_SECONDS,
    PREDICTED_SENTIMENT,
    PREDICTIONS,
    SENTIMENT_LATENCY,
    SENTIMENT_PREDICTIONS,
    SENTIMENT_REQUESTS,
    MetricDescription,
)
from opinionlens.web.metrics.drift_gauges import ShownDrift, drift_metrics


class SeriesSource(Protocol):
    """Source of the measured series.

    This process' registry, or the files of all workers.
    """

    def collect(self) -> Iterable[Metric]:
        """Return the measured series."""
        ...


class Shown(Collector):
    """Collector that shows every metric of the catalogue in order.

    Sums of other series are computed here and not counted twice: a request's own work stays small, and the
    names of two systems cannot disagree.
    """

    def __init__(self, source: SeriesSource) -> None:
        """Read `source` at each collection."""
        self._source = source
        self.drift: ShownDrift | None = None

    def collect(self) -> Iterator[Metric]:
        """Yield every metric of the catalogue.

        One without series is shown with its name alone.
        """
        found = {metric.name: metric for metric in self._source.collect()}
        for metric in found.values():
            _keep_known(metric)
        found |= {metric.name: metric for metric in drift_metrics(self.drift, datetime.now(UTC))}
        for card in CATALOGUE:
            derive = _DERIVED.get(card.name)
            if derive is not None:
                yield derive(found)
            else:
                yield found.get(card.family) or _empty(card)


def _keep_known(metric: Metric) -> None:
    """Drop samples without information.

    These are creation times, values that were never set, versions that have gone.
    """
    metric.samples = [
        sample
        for sample in metric.samples
        if not sample.name.endswith("_created")
        and not math.isnan(sample.value)
        and not (metric.name == ACTIVE_MODEL.name and sample.value == 0)
    ]


def _empty(card: MetricDescription) -> Metric:
    return Metric(card.family, card.meaning, card.kind)


def _requests(found: Mapping[str, Metric]) -> Metric:
    """Return the number of requests from the histogram's count.

    Every request is observed once.
    """
    result = _empty(SENTIMENT_REQUESTS)
    source = found.get(INFERENCE_SECONDS.family)
    samples = source.samples if source is not None else ()
    count = sum(sample.value for sample in samples if sample.name.endswith("_count"))
    result.add_sample(SENTIMENT_REQUESTS.name, {}, count)
    return result


def _labels_summed(
    card: MetricDescription, name_of: Callable[[str], str]
) -> Callable[[Mapping[str, Metric]], Metric]:
    """Return a function that sums predictions by label.

    Over all versions; a label without predictions has 0.
    """

    def derive(found: Mapping[str, Metric]) -> Metric:
        sums = {label.value: 0.0 for label in LABELS}
        source = found.get(PREDICTIONS.family)
        for sample in source.samples if source is not None else ():
            sums[sample.labels["label"]] += sample.value
        result = _empty(card)
        for label, value in sums.items():
            result.add_sample(card.name, {"label": name_of(label)}, value)
        return result

    return derive


def _histogram_summed(
    card: MetricDescription, source: MetricDescription
) -> Callable[[Mapping[str, Metric]], Metric]:
    """Return a function that sums a histogram over its labels.

    Only the buckets' label `le` is kept.
    """

    def derive(found: Mapping[str, Metric]) -> Metric:
        sums: defaultdict[tuple[str, str | None], float] = defaultdict(float)
        measured = found.get(source.family)
        for sample in measured.samples if measured is not None else ():
            suffix = sample.name.removeprefix(source.name)
            sums[suffix, sample.labels.get("le")] += sample.value
        result = _empty(card)
        for (suffix, bucket), value in sums.items():
            result.add_sample(card.name + suffix, {} if bucket is None else {"le": bucket}, value)
        return result

    return derive


_DERIVED: Mapping[str, Callable[[Mapping[str, Metric]], Metric]] = {
    PREDICTED_SENTIMENT.name: _labels_summed(PREDICTED_SENTIMENT, str),
    SENTIMENT_PREDICTIONS.name: _labels_summed(SENTIMENT_PREDICTIONS, str.lower),
    SENTIMENT_REQUESTS.name: _requests,
    SENTIMENT_LATENCY.name: _histogram_summed(SENTIMENT_LATENCY, INFERENCE_SECONDS),
    HTTP_SECONDS_ALL.name: _histogram_summed(HTTP_SECONDS_ALL, HTTP_SECONDS),
}
