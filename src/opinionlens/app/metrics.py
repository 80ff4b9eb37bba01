"""What is measured. Names carry their unit; labels come from closed sets, never from what people send."""

from __future__ import annotations

from dataclasses import dataclass

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest

from opinionlens.classifiers.classifier import Prediction
from opinionlens.serving.store import ServedModel
from opinionlens.text.labels import LABELS

CONTENT_TYPE = CONTENT_TYPE_LATEST

# A linear model answers a tweet in 0.03 ms and a long review in 2 ms; a transformer takes 10 to 100 ms.
_SECONDS = (25e-6, 50e-6, 1e-4, 25e-5, 5e-4, 1e-3, 25e-4, 5e-3, 1e-2, 25e-3, 5e-2, 0.1, 0.25, 0.5, 1.0, 2.5)
# A tweet ends at 280, the median review at 1,000, the default limit is 10,000.
_CHARS = (10, 25, 50, 100, 200, 280, 500, 1_000, 2_000, 5_000, 10_000)
_ITEMS = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000)


@dataclass(frozen=True, slots=True)
class _Series:
    seconds: Histogram
    chars: Histogram


class Metrics:
    """The app's own measurements, in a registry of their own so that two apps in a process do not collide."""

    def __init__(self) -> None:
        """Create every metric, so that dashboards find them from the first scrape on."""
        self._registry = CollectorRegistry()
        self._inference_seconds = Histogram(
            "model_inference_time_seconds",
            "Time that the model took for one request.",
            ("endpoint", "model_class"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._text_chars = Histogram(
            "input_text_length_chars",
            "Length of a text, in characters.",
            ("endpoint",),
            buckets=_CHARS,
            registry=self._registry,
        )
        self._batch_items = Histogram(
            "batch_size_text", "Texts in a batch.", ("endpoint",), buckets=_ITEMS, registry=self._registry
        )
        self._item_seconds = Histogram(
            "batch_inference_time_per_item_seconds",
            "Time that the model took for one text of a batch.",
            ("endpoint", "model_class"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        sentiments = Counter("predicted_sentiment", "Predicted labels.", ("label",), registry=self._registry)
        self._lost_predictions = Counter(
            "prediction_rows_lost",
            "Rows of the prediction log that were not written.",
            registry=self._registry,
        )
        self._by_label = {label: sentiments.labels(label.value) for label in LABELS}
        self._known: dict[tuple[str, str], _Series] = {}

    def observe_prediction(
        self, endpoint: str, model: ServedModel, seconds: float, chars: int, prediction: Prediction
    ) -> None:
        """Record one answered text."""
        series = self._series(endpoint, model)
        series.seconds.observe(seconds)
        series.chars.observe(chars)
        self._by_label[prediction.label].inc()

    def observe_batch(
        self,
        endpoint: str,
        model: ServedModel,
        seconds: float,
        texts: list[str],
        predictions: list[Prediction],
    ) -> None:
        """Record one answered batch; an empty one has no time per item."""
        series = self._series(endpoint, model)
        series.seconds.observe(seconds)
        self._batch_items.labels(endpoint).observe(len(texts))
        if texts:
            name = type(model.classifier).__name__
            self._item_seconds.labels(endpoint, name).observe(seconds / len(texts))
        for text, prediction in zip(texts, predictions, strict=True):
            series.chars.observe(len(text))
            self._by_label[prediction.label].inc()

    def count_lost_predictions(self, rows: int) -> None:
        """Record that rows of the prediction log were lost."""
        self._lost_predictions.inc(rows)

    def exposition(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self._registry)

    def _series(self, endpoint: str, model: ServedModel) -> _Series:
        """Return the series of an endpoint, looked up by their labels only once."""
        key = (endpoint, type(model.classifier).__name__)
        if key not in self._known:
            self._known[key] = _Series(
                self._inference_seconds.labels(*key), self._text_chars.labels(endpoint)
            )
        return self._known[key]
