"""Whether served texts still look like those of training, and whether anybody checks."""

from scripts.dashboards.frame import Board, Line, Section
from scripts.dashboards.panels import (
    GREEN,
    ORANGE,
    RED,
    each_minute,
    graph,
    now,
    number,
    over_time,
    ranking,
    reachable,
    up_to,
)
from scripts.dashboards.promql import gained

# Both have the labels measure, model and version.
RELATIVE = "max by (measure) (sentiment_drift / sentiment_drift_threshold)"
CHECK = 'task="drift_check"'
OUTCOME_COLOURS = {"done": GREEN, "failed": RED, "given_back": ORANGE}

SCORE = number(
    "Drift score",
    "Greatest measure of the newest report in units of its threshold: above 1, served texts differ from "
    "those of training more than chance explains. Absent where there were too few texts.",
    "short",
    now("max(sentiment_drift_score)", "drift score"),
    steps=up_to(warn=1),
    empty="not judged",
    decimals=2,
    alerts=["SentimentDrift"],
    wide=5,
)
AGE = number(
    "Newest report",
    "Time since the newest report on served texts. Three intervals without one raise an alert.",
    "s",
    now("min(sentiment_drift_report_age_seconds)", "age"),
    empty="no report yet",
    alerts=["DriftCheckMissing"],
    wide=5,
)
TEXTS = number(
    "Texts in it",
    "Texts that the newest report looked at. Below 200 nothing is judged.",
    "short",
    now("max(sentiment_drift_report_texts)", "texts"),
    empty="no report yet",
    decimals=0,
    wide=4,
)
WORKER = reachable(
    "Worker",
    "Whether Prometheus reaches the worker, which makes the checks.",
    'min(up{job="worker"})',
    alerts=["ScrapeTargetDown", "DriftCheckMissing"],
)
FAILURES = number(
    "Failures in a row",
    "Checks in a row that failed; the next try comes after a minute, two, four and so on. The worker's "
    "log says why.",
    "short",
    now(f"max(worker_job_failures{{{CHECK}}})", "failures"),
    steps=up_to(warn=1),
    empty="not known",
    decimals=0,
    alerts=["DriftCheckMissing"],
    wide=6,
)
SCORE_OVER_TIME = graph(
    "Drift score over time",
    "Each report's greatest measure in units of its threshold, until the next report. A gap: too few "
    "texts to judge.",
    "short",
    over_time("max(sentiment_drift_score)", "drift score"),
    limits={1: ORANGE},
    alerts=["SentimentDrift"],
    wide=16,
)
MEASURES_NOW = ranking(
    "Measures now",
    "Each measure of the newest report in units of its own threshold. Those that could not be taken "
    "are absent.",
    "short",
    now(RELATIVE, "{{measure}}"),
    steps=up_to(warn=1),
    empty="no report yet",
    alerts=["SentimentDrift"],
    wide=8,
)
MEASURES = graph(
    "Measures against their thresholds",
    "Each measure in units of its threshold. One that rises alone says what moved: labels, confidence, "
    "lengths, words.",
    "short",
    over_time(RELATIVE, "{{measure}}"),
    limits={1: ORANGE},
    alerts=["SentimentDrift"],
    wide=24,
)
AGES = graph(
    "Age of the newest report",
    "A saw-tooth in order: each check begins at 0 again.",
    "s",
    over_time("min(sentiment_drift_report_age_seconds)", "age"),
    over_time(f"3 * max(worker_job_interval_seconds{{{CHECK}}})", "alert above"),
    alerts=["DriftCheckMissing"],
    wide=8,
)
TEXTS_OVER_TIME = graph(
    "Texts in a report",
    "More texts show smaller drift. Below 200 nothing is judged.",
    "short",
    over_time("max(sentiment_drift_report_texts)", "texts"),
    limits={200: ORANGE},
    wide=8,
)
RUNS = graph(
    "Checks",
    "Checks of all workers as they ended. Given back: the worker was stopped, and another one begins again.",
    "short",
    each_minute(gained("worker_job_runs_total", CHECK, "outcome"), "{{outcome}}"),
    stacked=True,
    bars=True,
    colours=OUTCOME_COLOURS,
    alerts=["DriftCheckMissing"],
    wide=8,
)

QUALITY = graph(
    "Expected share of right answers",
    "Accuracy by the model's own probabilities, from each drift report, and at training. It holds while "
    "probabilities stay calibrated: for texts of another kind it can be far off.",
    "percentunit",
    over_time(
        'max by (model, version) (sentiment_estimated_quality{metric="accuracy"})',
        "{{model}} {{version}} expected",
    ),
    over_time(
        'max by (model, version) (sentiment_validation_quality{metric="accuracy"})',
        "{{model}} {{version}} at training",
    ),
    top=1,
    alerts=["EstimatedQualityFalling"],
    wide=24,
)

BOARD = Board(
    name="drift",
    title="Drift",
    description="Whether served texts still look like those of training, and whether anybody checks.",
    since="now-7d",
    sections=[
        Section("At a glance", [Line(4, [SCORE, AGE, TEXTS, WORKER, FAILURES])]),
        Section("Drift", [Line(9, [SCORE_OVER_TIME, MEASURES_NOW]), Line(9, [MEASURES])]),
        Section("Quality", [Line(8, [QUALITY])]),
        Section("Checks", [Line(7, [AGES, TEXTS_OVER_TIME, RUNS])]),
    ],
)
