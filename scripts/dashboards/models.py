"""Which versions answer, with which labels, and how they came and went."""

from scripts.dashboards.frame import Board, Line, Section, choice
from scripts.dashboards.panels import (
    BLUE,
    GREEN,
    LABEL_COLOURS,
    ORANGE,
    RED,
    UP_OR_DOWN,
    UP_OR_WARN,
    each_minute,
    graph,
    listing,
    now,
    number,
    over_time,
    phases,
    up_to,
)
from scripts.dashboards.promql import gained, increase, rate

CHOSEN = 'model=~"$model",version=~"$version"'
OUTCOME_COLOURS = {"activated": GREEN, "rolled_back": ORANGE, "refused": RED, "failed": RED}

ACTIVE = listing(
    "Active versions",
    "Versions that workers answer with now. More than one line for longer than a moment: workers disagree.",
    "short",
    now("max by (model, version, kind) (model_active_info)"),
    {"model": "Model", "version": "Version", "kind": "Kind"},
    empty="no model answers",
    alerts=["NoModelAnswers", "OnlyWordListAnswers"],
    wide=7,
)
BEHIND = number(
    "Behind the deployment",
    "How long a worker has not answered with the version that was deployed last; 0 when all do.",
    "s",
    now("max(model_behind_seconds)", "behind"),
    steps=up_to(warn=60),
    empty="not known",
    alerts=["FollowerBehind"],
    wide=4,
)
VERSION_COUNT = number(
    "Versions at once",
    "Number of versions that answer now; 1 except while the workers change over.",
    "short",
    now("count(count by (model, version) (model_active_info))"),
    steps=up_to(warn=2),
    empty="none",
    alerts=["NoModelAnswers", "OnlyWordListAnswers"],
    wide=3,
)
SWAPS_OF_THE_DAY = number(
    "Swaps in 24 hours",
    "Changes of the answering version, counted by each worker. Refused: the artifact may not serve; "
    "failed: any other trouble.",
    "short",
    now(increase("model_swaps_total", "", "24h", "outcome"), "{{outcome}}"),
    empty="not known",
    decimals=0,
    wide=7,
)
REGISTRY = number(
    "Registry",
    "Whether the model registry answered the last question. New champions wait while it is away.",
    "short",
    now("min(registry_up)"),
    steps=UP_OR_WARN,
    words=UP_OR_DOWN,
    empty="not asked yet",
    alerts=["RegistryUnreachable"],
    wide=3,
)
VERSIONS = phases(
    "Versions that answered",
    "Each version with the times at which a worker answered with it.",
    over_time(f"max by (model, version) (model_active_info{{{CHOSEN}}})", "{{model}} {{version}}"),
    words={"1": "answers"},
    steps={None: BLUE},
    empty="no model answered",
    wide=12,
)
SWAPS = graph(
    "Swaps",
    "Changes of the answering version by outcome, counted by each worker.",
    "short",
    each_minute(gained("model_swaps_total", by="outcome"), "{{outcome}}"),
    bars=True,
    colours=OUTCOME_COLOURS,
    wide=12,
)
PREDICTIONS = graph(
    "Predictions by version",
    "Predicted labels in a second by the version that answered; version none is the word list.",
    "cps",
    over_time(rate("model_predictions_total", CHOSEN, "model, version"), "{{model}} {{version}}"),
    stacked=True,
    wide=12,
)
LABEL_SHARES = graph(
    "Shares of labels by version",
    "How the predictions of each version divide over the labels. A step at a deployment is the model, a "
    "slope without one is the texts.",
    "percentunit",
    over_time(
        f"{rate('model_predictions_total', CHOSEN, 'model, version, label')}"
        " / on (model, version) group_left ()"
        f" ({rate('model_predictions_total', CHOSEN, 'model, version')} > 0)",
        "{{model}} {{version}} {{label}}",
    ),
    colours={f"/ {label}$/": colour for label, colour in LABEL_COLOURS.items()},
    top=1,
    wide=12,
)
SHARES_OF_THE_DAY = listing(
    "Labels of the last 24 hours by version",
    "Share of each label in all that a version predicted in 24 hours.",
    "percentunit",
    now(
        f"{increase('model_predictions_total', CHOSEN, '24h', 'model, version, label')}"
        " / on (model, version) group_left ()"
        f" ({increase('model_predictions_total', CHOSEN, '24h', 'model, version')} > 0)"
    ),
    {"model": "Model", "version": "Version", "label": "Label", "Value": "Share"},
    empty="no predictions",
    wide=12,
)
CACHE = graph(
    "Versions asked of the disk cache",
    "Hits were on disk already, misses were downloaded. A miss at each start means that the cache does not "
    "last.",
    "short",
    each_minute(gained("artefact_cache_total", by="result"), "{{result}}"),
    bars=True,
    colours={"hit": GREEN, "miss": BLUE},
    wide=12,
)

BOARD = Board(
    name="models",
    title="Models",
    description="Which versions answer, with which labels, and how they came and went.",
    since="now-24h",
    variables=[
        choice("model", "Model", "label_values(model_predictions_total, model)"),
        choice("version", "Version", 'label_values(model_predictions_total{model=~"$model"}, version)'),
    ],
    sections=[
        Section("Now", [Line(6, [ACTIVE, VERSION_COUNT, BEHIND, REGISTRY, SWAPS_OF_THE_DAY])]),
        Section("Deployments", [Line(7, [VERSIONS, SWAPS])]),
        Section("Labels", [Line(8, [PREDICTIONS, LABEL_SHARES]), Line(8, [SHARES_OF_THE_DAY, CACHE])]),
    ],
)
