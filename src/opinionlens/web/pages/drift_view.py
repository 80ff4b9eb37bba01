"""View of the newest drift reports. Pure.

It says in sentences what is the case and what to do next.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from opinionlens.base.wording import counted
from opinionlens.drift.everyday_words import EVERYDAY, everyday, readable
from opinionlens.drift.quality_words import quality_notes, quality_rows, quality_summary
from opinionlens.drift.report_content import ReportContent, ReportedMeasure, ReportedWord, content_of
from opinionlens.drift.windows import ENCODING_TRACES
from opinionlens.storage.drift_reports import DriftReport
from opinionlens.text.recipe import NEGATED
from opinionlens.web.pages.drift_chart import ChartPoint, HistoryChart, history_chart

# A check a day is usual; one that is missed shows.
OLD_AFTER = timedelta(hours=48)
LEAST_TEXTS = 200
MOST_CHECKS = 60
_EXAMPLES = 5
_EXAMPLE_CHARS = 300
_CHECK = "Make a check: `opinionlens drift check`."


@dataclass(frozen=True, slots=True)
class MovedRow:
    """A word that moved, as the page shows it.

    `kind` is new, gone, up or down.
    """

    word: str
    before: float
    now: float
    kind: str


@dataclass(frozen=True, slots=True)
class MeasureRow:
    """A measure with its sentence.

    `bar` is its distance in a picture 100 wide, whose middle is the threshold.
    """

    measure: ReportedMeasure
    title: str
    says: str
    standing: str
    bar: float | None = None


@dataclass(frozen=True, slots=True)
class QualityView:
    """The quality of answers in sentences and rows."""

    summary: str
    rows: tuple[tuple[str, str, str], ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DriftView:
    """Everything that the page shows.

    Attributes:
        state: `none`, `away`, `too_little_data`, `no_drift` or `drift`.
        is_old: whether the last check is too old.
        sentence: what is the case.
        reasons: what changed, in sentences.
        steps: what to do next; code in backquotes.
        report: the newest report.
        content: its content.
        charts: the history, one for each measure.
        score_chart: the history of the greatest distance.
        measures: of the newest report.
        words: that moved.
        examples: texts with such words.
        why_no_examples: said where there are none.
        quality: how good the answers are.
    """

    state: str
    sentence: str
    steps: tuple[str, ...]
    is_old: bool = False
    reasons: tuple[str, ...] = ()
    report: DriftReport | None = None
    content: ReportContent | None = None
    model: str = ""
    charts: tuple[HistoryChart, ...] = ()
    score_chart: HistoryChart | None = None
    measures: tuple[MeasureRow, ...] = ()
    words: tuple[MovedRow, ...] = ()
    examples: tuple[str, ...] = ()
    why_no_examples: str = ""
    quality: QualityView | None = None


def view_without_reports() -> DriftView:
    """Return the view before the first check."""
    return DriftView(
        "none",
        "No check has been made yet, so it is not known whether the texts have changed.",
        (
            f"{_CHECK} It compares the texts of the last 24 hours with those of training. "
            "`opinionlens worker` does so every hour.",
            f"It needs {LEAST_TEXTS} answered texts of a trained model, and "
            "`pip install 'opinionlens[pipeline]'` where it runs.",
        ),
    )


def view_without_database() -> DriftView:
    """Return the view while the database is away."""
    return DriftView(
        "away",
        "The database does not answer, so the reports cannot be shown.",
        ("Predictions go on meanwhile. Reload the page in a moment.",),
    )


def drift_view(
    reports: Sequence[DriftReport],
    *,
    now: datetime,
    answering: str | None = None,
    texts: Sequence[str] | None = (),
) -> DriftView:
    """Return the view of some reports.

    Args:
        reports: at least one, the newest first.
        now: to tell the report's age.
        answering: the model that answers now, with its version.
        texts: stored texts of the newest report's window; None for readers who may not see them.
    """
    report = reports[0]
    content = content_of(report.body, has_drifted=report.has_drifted)
    model = named(report.model_name, report.model_version)
    is_old = now - report.at > OLD_AFTER
    drifted = [one for one in content.measures if one.has_drifted]
    words = tuple(map(_moved, content.moved_words))
    examples = examples_of(texts or (), content) if content.status == "drift" else ()
    return DriftView(
        content.status,
        _sentence(content, report, model, now, is_old=is_old),
        tuple(_steps(content, drifted, model, answering, is_old=is_old)),
        is_old=is_old,
        reasons=tuple(dict.fromkeys(everyday(one.name, one.title).moved for one in drifted)),
        report=report,
        content=content,
        model=model,
        charts=tuple(_charts(reports)),
        score_chart=_score_chart(reports),
        measures=tuple(map(_measure, content.measures)),
        words=words,
        examples=examples,
        why_no_examples="" if examples else _why_no_examples(content, texts),
        quality=_quality(content),
    )


def named(name: str, version: object) -> str:
    """Return a model's name with its version."""
    return f"{name} {version}" if version is not None else name


def age_words(age: timedelta) -> str:
    """Return an age in the largest fitting unit."""
    minutes = max(0, int(age.total_seconds() // 60))
    if minutes < 1:
        return "just now"
    if minutes < 120:
        return f"{counted(minutes, 'minute')} ago"
    if minutes < 48 * 60:
        return f"{counted(minutes // 60, 'hour')} ago"
    return f"{counted(minutes // 1440, 'day')} ago"


def examples_of(texts: Sequence[str], content: ReportContent) -> tuple[str, ...]:
    """Return the texts with most of the risen words.

    Each once, cut to 300 characters.
    """
    risen = [one.word for one in content.moved_words if one.now > one.before]
    words = {
        word.removesuffix(NEGATED).casefold()
        for word in (*risen, *content.served_words)
        if word[:1].isalnum() or word[:1] == "#"
    }
    found: dict[str, int] = {}
    for text in texts:
        short = _shortened(text)
        if short not in found:
            found[short] = len(words & set(re.findall(r"#?[\w’']+", text.casefold())))
    best = sorted(found, key=lambda text: -found[text])[:_EXAMPLES]
    return tuple(text for text in best if found[text] > 0)


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _EXAMPLE_CHARS else f"{line[:_EXAMPLE_CHARS].rstrip()} …"


def _sentence(content: ReportContent, report: DriftReport, model: str, now: datetime, *, is_old: bool) -> str:
    before = f"The last check was {age_words(now - report.at)}. At that time: " if is_old else ""
    texts = counted(content.texts, "text")
    if content.status == "too_little_data":
        were = "was" if content.texts == 1 else "were"
        return f"{before}Only {texts} {were} answered by {model}, too few to tell; {LEAST_TEXTS} are needed."
    if content.status == "drift":
        return f"{before}The texts have changed: {texts} differ from what {model} was trained on."
    return f"{before}Nothing unusual: {texts} look like what {model} was trained on."


def _steps(
    content: ReportContent,
    drifted: Sequence[ReportedMeasure],
    model: str,
    answering: str | None,
    *,
    is_old: bool,
) -> list[str]:
    steps = []
    if answering is not None and answering != model:
        steps.append(f"{answering} answers now, and this report is about {model}. {_CHECK}")
    elif is_old:
        steps.append(
            f"Checks have stopped, or nothing starts them: is `opinionlens worker` running? {_CHECK}"
        )
    if content.status == "too_little_data":
        steps.append("Look further back: `opinionlens drift check --since 7d`.")
    elif content.status == "drift":
        steps += _steps_after_drift(content, {one.name for one in drifted})
    elif not steps:
        steps.append("Nothing to do.")
    return steps


def _steps_after_drift(content: ReportContent, drifted: set[str]) -> list[str]:
    steps = []
    if any(one.word in ENCODING_TRACES and one.now > one.before for one in content.moved_words):
        steps.append(
            "Characters arrive broken: ask where the texts come from which encoding they are sent in."
        )
    if drifted == {"length_shift"}:
        steps.append("Only lengths differ: ask whether texts are cut before they are sent.")
    steps.append("Read the words and texts below: is this a new topic, another sender, or a campaign?")
    steps.append(
        "Label some hundred of these texts, under `/admin/review` or in a file, and measure the model on "
        "them: `opinionlens evaluate MODEL FILE`."
    )
    steps.append("If it is worse there than it was, train again with these texts: `opinionlens retrain`.")
    if content.false_alarm_rate:
        one_in = round(1 / content.false_alarm_rate)
        steps.append(f"One check in {one_in:,} sounds the alarm although nothing has changed.")
    return steps


def _measure(one: ReportedMeasure) -> MeasureRow:
    words = everyday(one.name, one.title)
    if one.value is None:
        return MeasureRow(one, words.title, one.why_not or "Not measured.", "unknown")
    if one.has_drifted:
        return MeasureRow(one, words.title, words.moved, "drifted", _bar(one))
    return MeasureRow(one, words.title, words.usual, "usual", _bar(one))


def _bar(one: ReportedMeasure) -> float | None:
    if one.value is None or one.threshold is None or one.threshold <= one.baseline:
        return None
    ratio = (one.value - one.baseline) / (one.threshold - one.baseline)
    return round(50 * min(max(ratio, 0.0), 2.0), 1)


def _quality(content: ReportContent) -> QualityView | None:
    quality = content.quality
    if quality is None:
        return None
    notes = quality_notes(quality, has_drifted=content.status == "drift")
    return QualityView(quality_summary(quality), tuple(quality_rows(quality)), tuple(notes))


def _moved(one: ReportedWord) -> MovedRow:
    if one.now > one.before:
        kind = "new" if one.before < one.now / 20 else "up"
    else:
        kind = "gone" if one.now < one.before / 20 else "down"
    return MovedRow(readable(one.word), one.before, one.now, kind)


def _why_no_examples(content: ReportContent, texts: Sequence[str] | None) -> str:
    if content.status != "drift":
        return ""
    if texts is None:
        return "Texts that people sent are shown to analysts and admins."
    if not texts:
        return "No texts of that time are stored. They are with `PRIVACY__KEEP_TEXTS=true`."
    return "None of the stored texts has the words that moved."


def _charts(reports: Sequence[DriftReport]) -> list[HistoryChart]:
    series: dict[str, list[ChartPoint]] = {}
    measures: dict[str, ReportedMeasure] = {}
    for report in reversed(reports):
        for one in content_of(report.body, has_drifted=report.has_drifted).measures:
            measures[one.name] = one
            if one.value is not None:
                model = named(report.model_name, report.model_version)
                series.setdefault(one.name, []).append(ChartPoint(report.at, one.value, one.threshold, model))
    order = {name: place for place, name in enumerate(EVERYDAY)}
    return [
        history_chart(
            f"drift-{name.replace('_', '-')}",
            everyday(name, measures[name].title).title,
            series[name],
            baseline=measures[name].baseline,
        )
        for name in sorted(series, key=lambda name: (order.get(name, len(order)), name))
        if re.fullmatch(r"[a-z_]+", name)
    ]


def _score_chart(reports: Sequence[DriftReport]) -> HistoryChart | None:
    points = [
        ChartPoint(report.at, score, 1.0, named(report.model_name, report.model_version))
        for report in reversed(reports)
        if (score := content_of(report.body, has_drifted=report.has_drifted).score) is not None
    ]
    return history_chart("drift-score", "How far from training, all in all", points) if points else None
