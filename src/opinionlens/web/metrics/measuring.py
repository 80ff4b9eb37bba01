"""Recording of metrics, cheap enough for every request."""

from __future__ import annotations

import math
import os
import time
from collections import Counter as Tally
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from opinionlens.classifiers.prediction import Prediction
from opinionlens.serving.store import ServedModel
from opinionlens.storage.retention import Expired
from opinionlens.text.labels import LABELS, Label
from opinionlens.web.metrics import catalogue
from opinionlens.web.metrics.catalogue import MetricDescription
from opinionlens.web.metrics.drift_gauges import ShownDrift
from opinionlens.web.metrics.many_values import Histogram, Summary
from opinionlens.web.metrics.shared_counts import FOLDER_VARIABLE, while_reading
from opinionlens.web.metrics.shown import Shown

CONTENT_TYPE = CONTENT_TYPE_LATEST

SwapOutcome = Literal["activated", "rolled_back", "refused", "failed"]
SWAP_OUTCOMES: tuple[SwapOutcome, ...] = ("activated", "rolled_back", "refused", "failed")
LoginOutcome = Literal["accepted", "refused", "throttled"]
LOGIN_OUTCOMES: tuple[LoginOutcome, ...] = ("accepted", "refused", "throttled")
Cut = Literal["large_head", "slow_head", "slow_body", "crumbs", "slow_reader", "crowded", "too_many"]
CUTS: tuple[Cut, ...] = get_args(Cut)

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class AnsweredText(NamedTuple):
    """One answered text, as the metrics count it.

    Attributes:
        model: that answered.
        label: the predicted one.
        model_seconds: duration of the prediction.
        chars: length of the text.
        seconds: from the request's headers to the end of the answer.
        request_bytes: the announced size of the request's body.
        response_bytes: the size of the answer's body.
    """

    model: ServedModel
    label: Label
    model_seconds: float
    chars: int
    seconds: float
    request_bytes: int
    response_bytes: int


@dataclass(frozen=True, slots=True)
class _ModelSeries:
    """Series of one endpoint and version, looked up once."""

    seconds: Histogram
    chars: Histogram
    predicted: dict[Label, Counter]


@dataclass(frozen=True, slots=True)
class _RouteSeries:
    """The series of one route, method and class of status."""

    requests: Counter
    seconds: Histogram
    request_bytes: Summary
    response_bytes: Summary


class Metrics:
    """The app's measurements in a registry of their own.

    With it, two apps in one process do not collide.

    With `PROMETHEUS_MULTIPROC_DIR` set (before the client library was imported) every worker shows the values
    of all that share the folder. Safe among threads.
    """

    def __init__(self) -> None:
        """Create every metric, to be present from the first scrape."""
        folder = os.environ.get(FOLDER_VARIABLE)
        self._folder = Path(folder) if folder else None
        self._registry = CollectorRegistry()
        self._active: tuple[str, str, str] | None = None
        self._hand_over: Callable[[], None] = lambda: None
        self._create_model_metrics()
        self._create_http_metrics()
        self._create_event_metrics()
        source = self._registry if folder is None else MultiProcessCollector(None, folder)
        self._shown = CollectorRegistry()
        self._shown_source = Shown(source)
        self._shown.register(self._shown_source)

    def observe_prediction(
        self, endpoint: str, model: ServedModel, seconds: float, chars: int, prediction: Prediction
    ) -> None:
        """Record the prediction for one text.

        Args:
            endpoint: the last part of the route, from a closed set.
            model: the model that answered.
            seconds: duration of the prediction.
            chars: length of the text.
            prediction: the answer.
        """
        series = self._series(endpoint, model)
        series.seconds.observe(seconds)
        series.chars.observe(chars)
        series.predicted[prediction.label].inc()

    def observe_batch(
        self,
        endpoint: str,
        model: ServedModel,
        seconds: float,
        texts: Sequence[str],
        predictions: Sequence[Prediction],
    ) -> None:
        """Record one batch; an empty one has no item time."""
        series = self._series(endpoint, model)
        series.seconds.observe(seconds)
        self._batch_items.labels(endpoint).observe(len(texts))
        if texts:
            name = type(model.classifier).__name__
            self._item_seconds.labels(endpoint, name).observe(seconds / len(texts))
        for text in texts:
            series.chars.observe(len(text))
        for label, count in Tally(prediction.label for prediction in predictions).items():
            series.predicted[label].inc(count)

    def observe_request(
        self,
        handler: str | None,
        method: str,
        status: int,
        seconds: float,
        *,
        request_bytes: int = 0,
        response_bytes: int = 0,
    ) -> None:
        """Record one request of any kind.

        Args:
            handler: the route's template, never the address; None where there is no route.
            method: as the client sent it.
            status: of the answer.
            seconds: from the request's headers to the end of the answer.
            request_bytes: the announced size of the request's body.
            response_bytes: the size of the answer's body.
        """
        series = self._route(handler, method, status)
        series.requests.inc()
        series.seconds.observe(seconds)
        series.request_bytes.observe(request_bytes)
        series.response_bytes.observe(response_bytes)

    def observe_answers(self, endpoint: str, handler: str, answers: Sequence[AnsweredText]) -> None:
        """Record many answers with status 200 to POST at once.

        As `observe_prediction` and `observe_request` do for each.
        """
        # Equal neighbours: nearly always all of them.
        for model, some in groupby(answers, key=lambda answer: answer.model):
            group = list(some)
            series = self._series(endpoint, model)
            series.seconds.observe_many([answer.model_seconds for answer in group])
            series.chars.observe_many([answer.chars for answer in group])
            for label, count in Tally(answer.label for answer in group).items():
                series.predicted[label].inc(count)
        route = self._route(handler, "POST", 200)
        route.requests.inc(len(answers))
        route.seconds.observe_many([answer.seconds for answer in answers])
        route.request_bytes.observe_many([answer.request_bytes for answer in answers])
        route.response_bytes.observe_many([answer.response_bytes for answer in answers])

    def before_exposition(self, hand_over: Callable[[], None]) -> None:
        """Let `hand_over` bring counts gathered elsewhere first.

        It is called from the thread that asks for the exposition.
        """
        self._hand_over = hand_over

    def count_swap(self, outcome: SwapOutcome) -> None:
        """Record a change of the answering version, or its failure.

        `refused` is an artifact that may not serve, `failed` any other failure.
        """
        self._swaps[outcome].inc()

    def count_cache(self, hit: bool) -> None:
        """Record a version found in the cache or missing."""
        self._cache[hit].inc()

    def set_active_model(self, model: ServedModel | None) -> None:
        """Record the version that answers in this process.

        None while there is none.
        """
        labels = None if model is None else (model.name, _version_of(model), model.kind)
        if self._active is not None and self._active != labels:
            self._active_model.labels(*self._active).set(0)
        if labels is not None:
            self._active_model.labels(*labels).set(1)
        self._active = labels

    def set_model_behind(self, seconds: float) -> None:
        """Record how long this process lags behind the deployment."""
        self._model_behind.set(seconds)

    def set_batch_queue_depth(self, jobs: float) -> None:
        """Record the number of batch jobs running or waiting."""
        self._queue_depth.set(jobs)

    def set_batch_queue_limit(self, jobs: int) -> None:
        """Record the most batch jobs at a time."""
        self._queue_limit.set(jobs)

    def set_build(self, version: str, commit: str) -> None:
        """Record the version that runs and its commit."""
        self._build.labels(version, commit).set(1)

    def count_written_predictions(self, rows: int) -> None:
        """Record that rows of the prediction log were stored."""
        self._rows_written.inc(rows)

    def count_lost_drift_texts(self, texts: int) -> None:
        """Record that hourly sums over so many texts were lost."""
        self._drift_texts_lost.inc(texts)

    def count_lost_predictions(self, rows: int) -> None:
        """Record that rows of the prediction log were lost."""
        self._rows_lost.inc(rows)

    def count_deleted(self, rows: Mapping[str, int]) -> None:
        """Record rows deleted by age or number, by kind."""
        for kind, count in rows.items():
            self._rows_deleted[kind].inc(count)

    def count_feedback(self, label: Label) -> None:
        """Record feedback that was stored."""
        self._feedback[label].inc()

    def count_login(self, outcome: LoginOutcome) -> None:
        """Record a login attempt; `throttled` ones were not checked."""
        self._logins[outcome].inc()

    def count_cut_connection(self, reason: Cut) -> None:
        """Record a connection that a limit closed or refused.

        For its headers (`large_head`, `slow_head`), its body (`slow_body`), tiny parts (`crumbs`), for what
        it does not read (`slow_reader`), or as one too many: it had waited longest (`crowded`), or came last
        (`too_many`).
        """
        self._cuts[reason].inc()

    def set_registry_up(self, is_up: bool) -> None:
        """Record whether the registry answered."""
        self._registry_up.set(is_up)

    def set_database_up(self, is_up: bool) -> None:
        """Record whether the database answered."""
        self._database_up.set(is_up)

    def show_drift(self, drift: ShownDrift | None) -> None:
        """Show the figures of the newest drift report."""
        self._shown_source.drift = drift

    def exposition(self) -> bytes:
        """Return all metrics in Prometheus' text format.

        With many workers it takes some milliseconds.
        """
        self._hand_over()
        with nullcontext() if self._folder is None else while_reading(self._folder):
            return generate_latest(self._shown)

    def _create_model_metrics(self) -> None:
        self._inference_seconds = self._histogram(catalogue.INFERENCE_SECONDS)
        self._text_chars = self._histogram(catalogue.TEXT_CHARS)
        self._batch_items = self._histogram(catalogue.BATCH_ITEMS)
        self._item_seconds = self._histogram(catalogue.ITEM_SECONDS)
        self._predictions = self._counter(catalogue.PREDICTIONS)
        self._models: dict[tuple[str, str, int | str | None], _ModelSeries] = {}

    def _create_http_metrics(self) -> None:
        self._http_requests = self._counter(catalogue.HTTP_REQUESTS)
        self._http_seconds = self._histogram(catalogue.HTTP_SECONDS)
        self._http_request_bytes = self._summary(catalogue.HTTP_REQUEST_BYTES)
        self._http_response_bytes = self._summary(catalogue.HTTP_RESPONSE_BYTES)
        self._routes: dict[tuple[str | None, str, int], _RouteSeries] = {}

    def _create_event_metrics(self) -> None:
        self._active_model = self._gauge(catalogue.ACTIVE_MODEL)
        self._model_behind = self._unknown_gauge(catalogue.MODEL_BEHIND)
        swaps = self._counter(catalogue.SWAPS)
        self._swaps = {outcome: swaps.labels(outcome) for outcome in SWAP_OUTCOMES}
        cache = self._counter(catalogue.CACHE)
        self._cache = {True: cache.labels("hit"), False: cache.labels("miss")}
        self._queue_depth = self._gauge(catalogue.QUEUE_DEPTH)
        self._queue_limit = self._gauge(catalogue.QUEUE_LIMIT)
        self._rows_written = self._counter(catalogue.ROWS_WRITTEN)
        self._rows_lost = self._counter(catalogue.ROWS_LOST)
        self._drift_texts_lost = self._counter(catalogue.DRIFT_TEXTS_LOST)
        deleted = self._counter(catalogue.ROWS_DELETED)
        self._rows_deleted = {kind: deleted.labels(kind) for kind in Expired().by_kind()}
        feedback = self._counter(catalogue.FEEDBACK)
        self._feedback = {label: feedback.labels(label.value) for label in LABELS}
        logins = self._counter(catalogue.LOGINS)
        self._logins = {outcome: logins.labels(outcome) for outcome in LOGIN_OUTCOMES}
        cuts = self._counter(catalogue.CONNECTIONS_CUT)
        self._cuts = {reason: cuts.labels(reason) for reason in CUTS}
        self._registry_up = self._unknown_gauge(catalogue.REGISTRY_UP)
        self._database_up = self._unknown_gauge(catalogue.DATABASE_UP)
        self._build = self._gauge(catalogue.BUILD)
        self._gauge(catalogue.STARTED).set(time.time())

    def _series(self, endpoint: str, model: ServedModel) -> _ModelSeries:
        """Return the series of an endpoint and a version."""
        key = (endpoint, model.name, model.version)
        series = self._models.get(key)
        if series is None:
            name, version = model.name, _version_of(model)
            series = self._models[key] = _ModelSeries(
                self._inference_seconds.labels(endpoint, type(model.classifier).__name__),
                self._text_chars.labels(endpoint),
                {label: self._predictions.labels(name, version, label.value) for label in LABELS},
            )
        return series

    def _route(self, handler: str | None, method: str, status: int) -> _RouteSeries:
        """Return the series of a route, method and status."""
        return self._routes.get((handler, method, status)) or self._bind_route(handler, method, status)

    def _bind_route(self, handler: str | None, method: str, status: int) -> _RouteSeries:
        shown_handler = handler or "none"
        shown_method = method if method in _METHODS else "other"
        series = _RouteSeries(
            self._http_requests.labels(shown_handler, shown_method, f"{status // 100}xx"),
            self._http_seconds.labels(shown_handler, shown_method),
            self._http_request_bytes.labels(shown_handler),
            self._http_response_bytes.labels(shown_handler),
        )
        if shown_method == method:  # or made-up methods would fill the memory
            self._routes[handler, method, status] = series
        return series

    def _counter(self, card: MetricDescription) -> Counter:
        return Counter(card.family, card.meaning, card.labels, registry=self._registry)

    def _gauge(self, card: MetricDescription) -> Gauge:
        return Gauge(
            card.name, card.meaning, card.labels, registry=self._registry, multiprocess_mode=card.merge
        )

    def _unknown_gauge(self, card: MetricDescription) -> Gauge:
        """Return a gauge that is hidden until it is set.

        Not 0, which would be a false alarm or a false calm, and not NaN, which spoils every sum over it;
        `absent(…)` asks for it in an alert. Among workers it is so anyway.
        """
        gauge = self._gauge(card)
        if self._folder is None:
            gauge.set(math.nan)
        return gauge

    def _histogram(self, card: MetricDescription) -> Histogram:
        return Histogram(card.name, card.meaning, card.labels, registry=self._registry, buckets=card.buckets)

    def _summary(self, card: MetricDescription) -> Summary:
        return Summary(card.name, card.meaning, card.labels, registry=self._registry)


def _version_of(model: ServedModel) -> str:
    return "none" if model.version is None else str(model.version)
