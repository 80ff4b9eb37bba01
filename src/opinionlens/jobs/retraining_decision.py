"""The decision on a retrained classifier.

Old and new test rows are compared apart: a gain on the new ones must not be paid for with the old ones, nor
hide behind them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from opinionlens.classifiers.classifier import Classifier
from opinionlens.evaluation.codes import in_label_order, label_codes
from opinionlens.evaluation.gate import GateDecision, GateRules
from opinionlens.evaluation.intervals import Difference, paired_bootstrap
from opinionlens.jobs.label_intake import NEW_SOURCES, READERS, TRUSTED
from opinionlens.pipeline.by_length import probabilities_of
from opinionlens.pipeline.promote import Decide, Evidence, Pairing, decide_on_all
from opinionlens.pipeline.splits_on_disk import LabelledTexts


@dataclass(frozen=True)
class ComparedRows:
    """Test rows of one kind, deciding or only reported.

    Attributes:
        name: as sentences call them.
        texts: the rows.
        decides: a loss on them refuses the challenger, and a gain on them counts. Rows that do not decide
            are only reported.
    """

    name: str
    texts: LabelledTexts
    decides: bool


def new_test_rows(test: LabelledTexts, *, trust_readers: bool) -> tuple[ComparedRows, ...]:
    """Return the new rows of a test split by kind."""
    kinds = ((TRUSTED, "new", True), (READERS, "readers'", trust_readers))
    found = (ComparedRows(name, _of_sources(test, {source}), decides) for source, name, decides in kinds)
    return tuple(rows for rows in found if rows.texts.texts)


def old_test_rows(test: LabelledTexts) -> LabelledTexts:
    """Return the rows that the champion was trained beside."""
    new = set(NEW_SOURCES[1:])
    return _of_sources(test, set(test.sources) - new)


def decide_apart(new: Sequence[ComparedRows]) -> Decide:
    """Return a decision on old and new rows apart.

    The evidence has the old rows: on them the gate decides as on every challenger. Each kind of new rows that
    may decide must not be worse beyond chance. And there must be a real gain: better beyond chance on the old
    rows, or on new ones that may decide. Without a champion only the gate on the old rows counts.
    """

    def decide(pairing: Pairing, evidence: Evidence, rules: GateRules) -> GateDecision:
        gate = decide_on_all(pairing, evidence, rules)
        if pairing.champion is None:
            return gate
        champion = pairing.champion
        old = _compared(pairing.challenger, champion, evidence.texts, evidence.labels, rules)
        sides = [_Side("old", len(evidence.labels), True, old)]
        for rows in new:
            texts = rows.texts
            found = _compared(pairing.challenger, champion, texts.texts, texts.labels, rules)
            sides.append(_Side(rows.name, len(texts.labels), rows.decides, found))
        return _combined(gate, sides, rules)

    return decide


@dataclass(frozen=True)
class _Side:
    name: str
    rows: int
    decides: bool
    found: Difference

    @property
    def is_better(self) -> bool:
        return self.found.interval.low > 0

    @property
    def is_worse(self) -> bool:
        return self.found.interval.high < 0

    def sentence(self, level: float) -> str:
        interval = self.found.interval
        conclusion = (
            "better, beyond chance"
            if self.is_better
            else "worse, beyond chance"
            if self.is_worse
            else "no difference beyond chance"
        )
        aside = "" if self.decides else " (reported only: anybody may have given these labels)"
        return (
            f"On {self.rows} {self.name} test rows macro F1 is {self.found.challenger:.4f}, the champion's "
            f"{self.found.champion:.4f}; difference {interval.value:+.4f}, {level:.0%} interval "
            f"{interval.low:+.4f} to {interval.high:+.4f}: {conclusion}{aside}"
        )


def _combined(gate: GateDecision, sides: Sequence[_Side], rules: GateRules) -> GateDecision:
    deciding = [side for side in sides if side.decides]
    worse = [side for side in deciding if side.is_worse and side.name != "old"]
    gain = any(side.is_better for side in deciding)
    sentences = tuple(side.sentence(rules.level) for side in sides)
    refusals = () if gate.passed else gate.reasons
    refusals += tuple(side.sentence(rules.level) for side in worse)
    if not gain:
        names = " nor on ".join(f"the {side.name} rows" for side in deciding)
        refusals += (f"There is no gain beyond chance, neither on {names}",)
    if len(deciding) == 1:
        refusals += ("There are no new test rows that may decide",) if not gain else ()
    details: dict[str, Any] = {
        **gate.details,
        "sides": [
            {"name": side.name, "rows": side.rows, "decides": side.decides, **asdict(side.found)}
            for side in sides
        ],
        "gain": gain,
    }
    passed = gate.passed and not worse and gain
    reasons = (*sentences, *gate.reasons) if passed else (*dict.fromkeys((*refusals, *sentences)),)
    return replace(gate, passed=passed, reasons=reasons, details=details)


def _compared(
    challenger: Classifier,
    champion: Classifier,
    texts: Sequence[str],
    labels: Sequence[str],
    rules: GateRules,
) -> Difference:
    codes = label_codes(labels)
    ours, theirs = (
        in_label_order(probabilities_of(each, texts)).argmax(axis=1) for each in (challenger, champion)
    )
    return paired_bootstrap(
        codes, challenger=ours, champion=theirs, seed=rules.seed, resamples=rules.resamples, level=rules.level
    )


def _of_sources(test: LabelledTexts, sources: set[str]) -> LabelledTexts:
    rows = [row for row, source in enumerate(test.sources) if source in sources]
    columns = (test.texts, test.labels, test.sources)
    return LabelledTexts(*([column[row] for row in rows] for column in columns))
