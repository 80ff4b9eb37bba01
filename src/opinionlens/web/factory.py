"""Assembly of the web application from its collaborators."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.metadata import version as version_of_package

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from opinionlens.accounts.passwords import Hasher, argon2
from opinionlens.accounts.security import open_security
from opinionlens.base.errors import SettingsInvalid
from opinionlens.base.setting_groups import Fallback, SecuritySettings
from opinionlens.base.settings import Settings
from opinionlens.classifiers.lexicon_classifier import LexiconClassifier
from opinionlens.deployment.lifecycle import Lifecycle
from opinionlens.registry import Registry
from opinionlens.serving.batching import BatchPool
from opinionlens.serving.cache import ArtifactCache
from opinionlens.serving.freeing import SlowFreeing
from opinionlens.serving.predictor import Predictor
from opinionlens.serving.store import ModelStore, ServedModel
from opinionlens.web.api.feedback.routes import feedback_router
from opinionlens.web.api.inference.routes import inference_router
from opinionlens.web.api.keys import routes as keys
from opinionlens.web.api.models import fetch_routes as fetches
from opinionlens.web.api.models.routes import models_routers
from opinionlens.web.api.sentiment.routes import sentiment_router
from opinionlens.web.api.service import routes as service
from opinionlens.web.http import middleware
from opinionlens.web.http.direct_routes import DirectRoute
from opinionlens.web.http.hosts import HostNames, TrustedHosts
from opinionlens.web.http.problems import add_failure_handlers
from opinionlens.web.http.static_files import FreshFiles
from opinionlens.web.http.well_formed import WellFormed
from opinionlens.web.lane.inference_lane import InferenceLane, PreparedHeaders
from opinionlens.web.metrics import Metrics
from opinionlens.web.openapi import DescribedApp
from opinionlens.web.pages import (
    compare,
    docs,
    drift,
    evaluate,
    home,
    review,
    session,
    shadow,
    tool_login,
    trying,
)
from opinionlens.web.pages.admin import admin_router
from opinionlens.web.services.asked_models import AskedModels
from opinionlens.web.services.error_log import ErrorLog
from opinionlens.web.services.evaluations import Evaluations
from opinionlens.web.services.inputs import InputLimits, Inputs
from opinionlens.web.services.newest_drift import NewestDrift
from opinionlens.web.services.open_records import open_records
from opinionlens.web.services.state import AppState, Services
from opinionlens.web.services.stopping import Stopping
from opinionlens.web.services.templates import Pages, load_templates
from opinionlens.web.services.trial_runs import Trials

# The commit that the image was built from.
COMMIT_VARIABLE = "OPINIONLENS_REVISION"
SUMMARY = "Says whether a text is negative, neutral or positive, how sure it is, and which words decided."
DESCRIPTION = (
    "Probabilities are calibrated: of the answers with a confidence of 0.8, about 80 % are right. "
    "Answers below the model's tuned confidence are marked `uncertain`. "
    "Errors are `application/problem+json` with a stable `code`."
)


def create_app(
    settings: Settings,
    *,
    registry: Registry,
    close: Callable[[], None] | None = None,
    make_hasher: Callable[[], Hasher] = argon2,
    has_lane: bool = True,
) -> FastAPI:
    """Create the app, which answers from its start.

    The champion is loaded in the background.

    Args:
        settings: the app reads no others.
        registry: where the champion is looked up; it may be unreachable for as long as it likes.
        close: called when the app ends, for what the caller opened.
        make_hasher: what hashes passwords; tests take a cheap one.
        has_lane: whether plain predictions go past the middleware; without it, all the same is done and
            answered, as tests and benchmarks compare.

    Raises:
        SettingsInvalid: the folder of templates or of static files is missing.
    """
    metrics = Metrics()
    store = _store(settings, metrics)
    pool = BatchPool(
        threads=settings.api.batch_threads,
        queue=settings.api.batch_queue,
        on_depth=metrics.set_batch_queue_depth,
    )
    metrics.set_batch_queue_limit(pool.room)
    services = _services(settings, store, pool, metrics, registry, make_hasher)
    app = DescribedApp(
        max_body_bytes=settings.api.max_body_bytes,
        title="OpinionLens",
        summary=SUMMARY,
        description=DESCRIPTION,
        version=services.pages.version,
        license_info={"name": "Apache-2.0"},
        lifespan=_lifespan(services, pool, close),
        # Its records of failures could hold what people send; ours do not.
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
    )
    metrics.set_build(services.pages.version, os.environ.get(COMMIT_VARIABLE) or "unknown")
    _add_routes(app, settings, services)
    if has_lane and not services.security.predict_needs_key:
        _add_lane(app, settings.security, services)
    return app


def _store(settings: Settings, metrics: Metrics) -> ModelStore:
    wants_fallback = settings.api.fallback is Fallback.LEXICON
    fallback = ServedModel(LexiconClassifier(), name="word list") if wants_fallback else None
    metrics.set_active_model(fallback)  # until a trained model is active
    cache = ArtifactCache(settings.api.saved_model_path)
    return ModelStore(cache, fallback=fallback, on_cache=metrics.count_cache, free=SlowFreeing())


def _services(
    settings: Settings,
    store: ModelStore,
    pool: BatchPool,
    metrics: Metrics,
    registry: Registry,
    make_hasher: Callable[[], Hasher],
) -> Services:
    api = settings.api
    limits = InputLimits(api.max_text_chars, api.max_batch_items, api.max_body_bytes)
    templates = load_templates(api.templates_path)
    records = open_records(settings, metrics)
    lifecycle = Lifecycle(settings, store, records, registry, metrics)
    models = AskedModels(store, lifecycle)
    return Services(
        store=store,
        predictor=Predictor(store, pool),
        inputs=Inputs(limits),
        metrics=metrics,
        records=records,
        lifecycle=lifecycle,
        evaluations=Evaluations(store, models, pool),
        trials=Trials(models, pool),
        security=open_security(settings.security, records, site=settings.site, make_hasher=make_hasher),
        pages=Pages(templates, store, limits, version_of_package("opinionlens")),
        error_log=ErrorLog(api.error_log_path),
        newest_drift=NewestDrift(records, metrics),
        ready_on_fallback=api.ready_on_fallback,
        stopping=Stopping(drain_seconds=api.drain_seconds),
    )


def _add_routes(app: DescribedApp, settings: Settings, services: Services) -> None:
    """Add the routes and the middleware.

    The middleware that is added last is the outermost.
    """
    folder = settings.api.static_path
    if not folder.is_dir():
        raise SettingsInvalid(
            "There are no static files.",
            where=str(folder),
            remedy="Leave API__STATIC_PATH unset to take the installed ones.",
        )
    # As routes of the app itself: an included router looks for its route anew with each request.
    inference = inference_router(services.inputs).routes
    app.router.routes.extend(inference)
    app.include_router(sentiment_router(services.inputs.limits))
    app.include_router(feedback_router(services.inputs.limits))
    for router in (fetches.router, *models_routers(services.inputs)):
        app.include_router(router)
    app.include_router(service.router)
    app.include_router(home.router)
    app.include_router(docs.router)
    from_folder = settings.api.model_path is not None
    app.include_router(
        admin_router(settings.api.model_name, can_follow=settings.follows_champion, from_folder=from_folder)
    )
    app.include_router(evaluate.router)
    app.include_router(compare.router)
    app.include_router(trying.router)
    app.include_router(shadow.router)
    app.include_router(drift.router)
    app.include_router(review.router)
    app.include_router(session.router)
    app.include_router(tool_login.router)
    app.include_router(keys.router)
    app.mount("/static", FreshFiles(directory=folder), name="static")
    app.mount("/swagger", FreshFiles(directory=docs.swagger_folder()), name="swagger")
    add_failure_handlers(app)
    app.add_middleware(middleware.BodyLimit, max_bytes=settings.api.max_body_bytes)
    app.add_middleware(WellFormed)
    app.add_middleware(middleware.HeadAsGet)
    app.add_middleware(middleware.SafetyNet)
    _add_borders(app, settings.security)
    tools = services.security.tools.addresses
    app.add_middleware(middleware.SecurityHeaders, form_targets=tuple(tools.values()))
    app.add_middleware(
        middleware.RequestLog,
        metrics=services.metrics,
        error_log=services.error_log,
        direct_paths=frozenset(route.path for route in inference if isinstance(route, DirectRoute)),
    )
    services.pages.describe = app.described


def _add_borders(app: FastAPI, security: SecuritySettings) -> None:
    """Add the checks of host names and cross-origin requests."""
    if security.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=security.origins,
            allow_methods=("GET", "POST", "DELETE"),
            allow_headers=("Authorization", "Content-Type", "X-API-Key", "X-Request-ID"),
            expose_headers=("Location", "Retry-After", "X-Request-ID"),
            allow_credentials=False,  # a session is for our own pages only
        )
    if "*" not in security.host_patterns:
        app.add_middleware(TrustedHosts, patterns=security.host_patterns)


def _add_lane(app: DescribedApp, security: SecuritySettings, services: Services) -> None:
    """Add the lane for plain predictions, in front of all."""
    targets = tuple(services.security.tools.addresses.values())
    app.entrance = InferenceLane(
        app.entrance,
        services=services,
        headers=PreparedHeaders(form_targets=targets, varies=bool(security.origins)),
        hosts=None if "*" in security.host_patterns else HostNames(security.host_patterns),
    )


def _lifespan(
    services: Services, pool: BatchPool, close: Callable[[], None] | None
) -> Callable[[FastAPI], AbstractAsyncContextManager[AppState]]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[AppState]:
        services.records.start()
        services.lifecycle.start()
        try:
            with services.stopping.listening():
                yield {"services": services}
        finally:
            services.stopping.begin()
            if close is not None:  # first, so that a call that waits for the registry ends
                close()
            await services.lifecycle.close()
            pool.close()
            services.security.close()
            await asyncio.to_thread(services.records.close)
            await asyncio.to_thread(services.error_log.close)

    return lifespan
