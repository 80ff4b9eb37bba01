"""Catalogue of every metric with its meaning and labels.

`docs/metrics.md` shows the same table. Names end in their unit. Labels come from closed sets (routes,
classes, versions that were active), never from the content of requests: those could fill the memory of
Prometheus.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["counter", "gauge", "histogram", "summary"]
# How the workers' gauges become one number. Those that begin with `live` forget a worker when it ends.
Merge = Literal["livesum", "livemax", "livemostrecent"]

# A linear model answers a tweet in 0.03 ms and a long review in 2 ms; a transformer takes 10 to 100 ms.
_MODEL_SECONDS = (
    25e-6,
    5e-5,
    1e-4,
    25e-5,
    5e-4,
    1e-3,
    25e-4,
    5e-3,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1,
    2.5,
)
# From the answer to a tweet to a fetch that somebody waits for; those of the first system are among them.
_REQUEST_SECONDS = (5e-4, 1e-3, 25e-4, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
# A tweet ends at 280, the median review at 1,000, the default limit is 10,000.
_CHARS = (10, 25, 50, 100, 200, 280, 500, 1_000, 2_000, 5_000, 10_000)
_ITEMS = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000)


@dataclass(frozen=True, slots=True)
class MetricDescription:
    """Name, kind, meaning and labels of one metric.

    `name` is as Prometheus shows it; a counter's ends in `_total`.
    """

    name: str
    kind: Kind
    meaning: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    merge: Merge = "livesum"

    @property
    def family(self) -> str:
        """The name under which the client library groups its samples."""
        return self.name.removesuffix("_total") if self.kind == "counter" else self.name


INFERENCE_SECONDS = MetricDescription(
    "model_inference_time_seconds",
    "histogram",
    "Time that the model took for one request.",
    ("endpoint", "model_class"),
    _MODEL_SECONDS,
)
TEXT_CHARS = MetricDescription(
    "input_text_length_chars", "histogram", "Length of a text, in characters.", ("endpoint",), _CHARS
)
BATCH_ITEMS = MetricDescription("batch_size_text", "histogram", "Texts in a batch.", ("endpoint",), _ITEMS)
ITEM_SECONDS = MetricDescription(
    "batch_inference_time_per_item_seconds",
    "histogram",
    "Time that the model took for one text of a batch, on average.",
    ("endpoint", "model_class"),
    _MODEL_SECONDS,
)
PREDICTIONS = MetricDescription(
    "model_predictions_total",
    "counter",
    "Predicted labels, by the version that answered; `none` is the version of the word list.",
    ("model", "version", "label"),
)
PREDICTED_SENTIMENT = MetricDescription(
    "predicted_sentiment_total", "counter", "Predicted labels: `model_predictions_total` summed.", ("label",)
)
SENTIMENT_PREDICTIONS = MetricDescription(
    "sentiment_predictions_total",
    "counter",
    "The same under the second system's name, labels in lower case.",
    ("label",),
)
SENTIMENT_REQUESTS = MetricDescription(
    "sentiment_requests_total", "counter", "Requests that a model answered, single texts and batches."
)
SENTIMENT_LATENCY = MetricDescription(
    "sentiment_request_latency_seconds",
    "histogram",
    "Time that the model took for one request: `model_inference_time_seconds` summed.",
    (),
    _MODEL_SECONDS,
)
DRIFT_SCORE = MetricDescription(
    "sentiment_drift_score",
    "gauge",
    "Greatest measure of the newest drift report in units of its threshold: above 1 is drift; absent until "
    "there is a report that could judge.",
)
DRIFT_MEASURE = MetricDescription(
    "sentiment_drift",
    "gauge",
    "Measures of the newest drift report on served texts; those that could not be taken are absent.",
    ("measure", "model", "version"),
)
DRIFT_THRESHOLD = MetricDescription(
    "sentiment_drift_threshold", "gauge", "Thresholds of these measures.", ("measure", "model", "version")
)
DRIFT_AGE = MetricDescription(
    "sentiment_drift_report_age_seconds",
    "gauge",
    "Time since the newest drift report on served texts; absent before the first.",
)
DRIFT_TEXTS = MetricDescription(
    "sentiment_drift_report_texts",
    "gauge",
    "Texts that the newest drift report on served texts looked at; absent before the first.",
)
ESTIMATED_QUALITY = MetricDescription(
    "sentiment_estimated_quality",
    "gauge",
    "Expected `accuracy` and `macro_f1` of the newest drift report's answers, from their probabilities "
    "alone: right while these stay calibrated.",
    ("metric", "model", "version"),
)
VALIDATION_QUALITY = MetricDescription(
    "sentiment_validation_quality",
    "gauge",
    "The same on held-out labelled texts when the model of that report was trained.",
    ("metric", "model", "version"),
)
HTTP_REQUESTS = MetricDescription(
    "http_requests_total",
    "counter",
    "Requests, by route, method and class of status (`2xx`); `none` is an address without a route.",
    ("handler", "method", "status"),
)
HTTP_SECONDS = MetricDescription(
    "http_request_duration_seconds",
    "histogram",
    "Time from a request's headers to the end of its answer, by route.",
    ("handler", "method"),
    _REQUEST_SECONDS,
)
HTTP_SECONDS_ALL = MetricDescription(
    "http_request_duration_highr_seconds",
    "histogram",
    "The same over all routes: `http_request_duration_seconds` summed.",
    (),
    _REQUEST_SECONDS,
)
HTTP_REQUEST_BYTES = MetricDescription(
    "http_request_size_bytes",
    "summary",
    "Size of request bodies, as their headers announce it; 0 where they do not.",
    ("handler",),
)
HTTP_RESPONSE_BYTES = MetricDescription(
    "http_response_size_bytes", "summary", "Size of answers' bodies, as they were sent.", ("handler",)
)
ACTIVE_MODEL = MetricDescription(
    "model_active_info",
    "gauge",
    "1 for each version that a worker answers with now; for a moment two while they change over.",
    ("model", "version", "kind"),
    merge="livemax",
)
SWAPS = MetricDescription(
    "model_swaps_total", "counter", "Changes of the answering version, by worker.", ("outcome",)
)
CACHE = MetricDescription(
    "artefact_cache_total",
    "counter",
    "Versions asked of the cache on disk: already there (`hit`), or downloaded (`miss`).",
    ("result",),
)
MODEL_BEHIND = MetricDescription(
    "model_behind_seconds",
    "gauge",
    "How long the slowest worker has not answered with the last deployed version; 0 when all do, "
    "absent before the first look.",
    merge="livemax",
)
QUEUE_DEPTH = MetricDescription(
    "batch_queue_depth",
    "gauge",
    "Jobs that run in threads or wait for one, now, in all workers; a long text is an eighth of one.",
)
QUEUE_LIMIT = MetricDescription(
    "batch_queue_limit", "gauge", "Most such jobs at a time, in all workers; one more is refused with 503."
)
ROWS_WRITTEN = MetricDescription(
    "prediction_rows_written_total", "counter", "Rows of the prediction log that were stored."
)
ROWS_LOST = MetricDescription(
    "prediction_rows_lost_total", "counter", "Rows of the prediction log that could not be stored."
)
DRIFT_TEXTS_LOST = MetricDescription(
    "drift_texts_lost_total", "counter", "Texts whose hourly sums for drift checks could not be stored."
)
ROWS_DELETED = MetricDescription(
    "records_deleted_total",
    "counter",
    "Rows that were deleted because of their age or number; `prediction_texts` lost their text only.",
    ("kind",),
)
FEEDBACK = MetricDescription(
    "feedback_total", "counter", "Feedback that was stored, by the label it gives.", ("label",)
)
LOGINS = MetricDescription("login_attempts_total", "counter", "Attempts to log in.", ("outcome",))
CONNECTIONS_CUT = MetricDescription(
    "connections_cut_total", "counter", "Connections that a limit closed or refused.", ("reason",)
)
REGISTRY_UP = MetricDescription(
    "registry_up",
    "gauge",
    "1 when the registry answered the last question, 0 when it did not; absent before the first.",
    merge="livemostrecent",
)
DATABASE_UP = MetricDescription(
    "database_up",
    "gauge",
    "1 when the database answered the last question, 0 when it did not; absent before the first.",
    merge="livemostrecent",
)
BUILD = MetricDescription(
    "opinionlens_build_info",
    "gauge",
    "1 for the version that runs, with the commit it was built from.",
    ("version", "commit"),
    merge="livemax",
)
STARTED = MetricDescription(
    "process_start_time_seconds",
    "gauge",
    "When the youngest worker started, in seconds since 1970.",
    merge="livemax",
)

CATALOGUE: tuple[MetricDescription, ...] = (
    INFERENCE_SECONDS,
    TEXT_CHARS,
    BATCH_ITEMS,
    ITEM_SECONDS,
    PREDICTIONS,
    PREDICTED_SENTIMENT,
    SENTIMENT_PREDICTIONS,
    SENTIMENT_REQUESTS,
    SENTIMENT_LATENCY,
    DRIFT_SCORE,
    DRIFT_MEASURE,
    DRIFT_THRESHOLD,
    DRIFT_AGE,
    DRIFT_TEXTS,
    ESTIMATED_QUALITY,
    VALIDATION_QUALITY,
    HTTP_REQUESTS,
    HTTP_SECONDS,
    HTTP_SECONDS_ALL,
    HTTP_REQUEST_BYTES,
    HTTP_RESPONSE_BYTES,
    ACTIVE_MODEL,
    MODEL_BEHIND,
    SWAPS,
    CACHE,
    QUEUE_DEPTH,
    QUEUE_LIMIT,
    ROWS_WRITTEN,
    ROWS_LOST,
    DRIFT_TEXTS_LOST,
    ROWS_DELETED,
    FEEDBACK,
    LOGINS,
    CONNECTIONS_CUT,
    REGISTRY_UP,
    DATABASE_UP,
    BUILD,
    STARTED,
)
