"""For the person on duty: is it up, is it right, is it fast, what changed. One screen."""

from collections.abc import Mapping

from grafana_foundation_sdk.models.dashboard import DynamicConfigValue
from scripts.dashboards.alerts import ALERTS
from scripts.dashboards.frame import Board, Line, Section
from scripts.dashboards.panels import (
    BLUE,
    GREEN,
    LABEL_COLOURS,
    ORANGE,
    RED,
    STATUS_COLOURS,
    UP,
    UP_OR_DOWN,
    UP_OR_WARN,
    graph,
    listing,
    now,
    number,
    over_time,
    phases,
    reachable,
    runbook,
    up_to,
)
from scripts.dashboards.promql import HTTP, PEOPLE, increase, quantile, rate, share


def _mappings(texts: Mapping[str, tuple[str, str]]) -> DynamicConfigValue:
    options = {
        value: {"text": text, "color": colour, "index": place}
        for place, (value, (text, colour)) in enumerate(texts.items())
    }
    return DynamicConfigValue("mappings", [{"type": "value", "options": options}])


APP = reachable(
    "App",
    "Whether Prometheus reaches the app. Where it is not scraped, look at Prometheus first.",
    f"min(up{{{HTTP}}})",
    alerts=["AppDown"],
    wide=3,
)
TARGETS_DOWN = number(
    "Targets down",
    "Programs of the stack that Prometheus does not reach.",
    "short",
    now("count(up == 0) or 0 * count(up)"),
    steps=up_to(warn=1),
    empty="nothing scraped",
    alerts=["ScrapeTargetDown"],
    wide=3,
)
DATABASE = number(
    "Database",
    "Whether the app's database answered the last question. Predictions go on without it.",
    "short",
    now("min(database_up)"),
    steps=UP,
    words=UP_OR_DOWN,
    empty="not asked yet",
    alerts=["DatabaseUnreachable"],
    wide=3,
)
REGISTRY = number(
    "Registry",
    "Whether the model registry answered the last question. The active version answers on without it.",
    "short",
    now("min(registry_up)"),
    steps=UP_OR_WARN,
    words=UP_OR_DOWN,
    empty="not asked yet",
    alerts=["RegistryUnreachable"],
    wide=3,
)
FIRING_ALERTS = listing(
    "Firing alerts",
    "Alerts that fire now. The last column leads to the runbook's paragraph on the alert.",
    "short",
    now(
        'label_replace(sum by (severity, alertname, job, instance) (ALERTS{alertstate="firing"}),'
        ' "runbook", "$1", "alertname", "(.+)")'
    ),
    {
        "severity": "Severity",
        "alertname": "Alert",
        "job": "Job",
        "instance": "Instance",
        "runbook": "Runbook",
    },
    empty="no alert fires",
    wide=12,
)
FIRING_ALERTS.override_by_name(
    "Severity",
    [
        _mappings({"page": ("page", RED), "warn": ("warn", ORANGE)}),
        DynamicConfigValue("custom.cellOptions", {"type": "color-background"}),
        DynamicConfigValue("custom.width", 90),
    ],
)
FIRING_ALERTS.override_by_name(
    "Runbook",
    [
        # An anchor is the alert's name in lower case. A link cannot lower a name, a mapping can.
        _mappings({name: (name.lower(), BLUE) for name in ALERTS}),
        DynamicConfigValue(
            "links",
            [{"title": "Open the runbook", "url": runbook("${__value.text}"), "targetBlank": True}],
        ),
    ],
)
ACTIVE_VERSION = number(
    "Active version",
    "Model, version and kind that answer now; two for a moment while the workers change over. Orange: only "
    "the word list answers.",
    "short",
    now(
        'max by (model, version, kind) (model_active_info{version!="none"})'
        ' or 0 * max by (model, version, kind) (model_active_info{version="none"})',
        "{{model}} {{version}} ({{kind}})",
    ),
    steps={None: RED, 0: ORANGE, 1: GREEN},
    empty="no model answers",
    named=True,
    alerts=["NoModelAnswers", "OnlyWordListAnswers"],
    wide=4,
)
ERROR_SHARE = number(
    "Error share",
    "Requests of people and programs in the last 5 minutes that ended in 5xx; health checks and scrapes "
    "are left out.",
    "percentunit",
    now("opinionlens:http_errors:ratio_rate5m", "5xx"),
    steps=up_to(warn=0.01, call=0.05),
    empty="no requests",
    decimals=2,
    alerts=["ErrorShareHigh"],
    wide=4,
)
WORD_LIST_SHARE = number(
    "Word list's share",
    "Predictions that the word list made because no trained version was active.",
    "percentunit",
    now(share("model_predictions_total", 'version="none"'), "word list"),
    steps=up_to(warn=0.001),
    empty="no predictions",
    decimals=1,
    alerts=["OnlyWordListAnswers"],
    wide=4,
)
PREDICTIONS = graph(
    "Predictions by label",
    "Predicted labels in a second. A label that vanishes or takes over is a change of the texts or of the "
    "model: compare with the deployments.",
    "cps",
    over_time(rate("model_predictions_total", by="label"), "{{label}}"),
    stacked=True,
    colours=LABEL_COLOURS,
    wide=12,
)
REQUESTS = graph(
    "Requests",
    "Requests of people and programs in a second, by class of status.",
    "reqps",
    over_time(rate("http_requests_total", PEOPLE, "status"), "{{status}}"),
    stacked=True,
    colours=STATUS_COLOURS,
    wide=8,
)
LATENCY = graph(
    "Latency",
    "From a request's headers to the end of its answer: half of the requests are faster than p50, all but "
    "one in a hundred faster than p99. The alert watches single texts, over 5 minutes.",
    "s",
    over_time("opinionlens:predict_seconds:p99_5m >= 0", "p99 of single texts"),
    over_time(quantile(0.99, "http_request_duration_seconds", PEOPLE), "p99 of all"),
    over_time(quantile(0.5, "http_request_duration_seconds", PEOPLE), "p50 of all"),
    limits={0.25: ORANGE},
    alerts=["LatencyHigh"],
    wide=8,
)
QUEUE = graph(
    "Batch queue in use",
    "Places for batches and long texts that are taken, in all workers. Once all are, further ones are "
    "answered with 503.",
    "percentunit",
    over_time("opinionlens:batch_queue:ratio", "in use"),
    limits={0.9: ORANGE},
    top=1,
    alerts=["BatchQueueFull"],
    wide=8,
)
VERSIONS = phases(
    "Versions that answered",
    "Each version with the times at which a worker answered with it.",
    over_time("max by (model, version) (model_active_info)", "{{model}} {{version}}"),
    words={"1": "answers"},
    steps={None: BLUE},
    empty="no model answered",
    wide=10,
)
ALERTS_OVER_TIME = phases(
    "Alerts that fired",
    "Each alert with the times at which it fired.",
    over_time('max by (alertname) (ALERTS{alertstate="firing"})', "{{alertname}}"),
    words={"1": "fires"},
    steps={None: RED},
    empty="no alert fired",
    wide=9,
)
SWAPS = number(
    "Swaps in 24 hours",
    "Changes of the answering version, counted by each worker. Refused: the artifact may not serve.",
    "short",
    now(increase("model_swaps_total", "", "24h", "outcome"), "{{outcome}}"),
    empty="not known",
    decimals=0,
    wide=5,
)

BOARD = Board(
    name="overview",
    title="Overview",
    description="For the person on duty: is it up, is it right, is it fast, what changed.",
    sections=[
        Section("Is it up?", [Line(4, [APP, TARGETS_DOWN, DATABASE, REGISTRY, FIRING_ALERTS])]),
        Section("Is it right?", [Line(5, [ACTIVE_VERSION, ERROR_SHARE, WORD_LIST_SHARE, PREDICTIONS])]),
        Section("Is it fast?", [Line(6, [REQUESTS, LATENCY, QUEUE])]),
        Section("What changed?", [Line(5, [VERSIONS, ALERTS_OVER_TIME, SWAPS])]),
    ],
)
