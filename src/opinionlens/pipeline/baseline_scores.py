"""The baselines that a classifier has to beat.

They are fitted on the training texts, for the stage and for the gate.
"""

from __future__ import annotations

from collections.abc import Sequence

from opinionlens.base.progress import Reporter
from opinionlens.evaluation.codes import in_label_order
from opinionlens.evaluation.gate import Contender
from opinionlens.families.baselines import BASELINES
from opinionlens.pipeline.splits_on_disk import LabelledTexts


def contenders(
    train: LabelledTexts, texts: Sequence[str], *, seed: int, reporter: Reporter
) -> list[Contender]:
    """Fit each baseline and predict the texts.

    Each is fitted on `train`; its probabilities are in the order of `LABELS`.
    """
    found = []
    with reporter.track("baselines", len(BASELINES)) as bar:
        for name, make in BASELINES.items():
            fitted = make(seed).fit(train.texts, train.labels)
            probabilities = in_label_order(fitted.predict_proba(texts), fitted.classes)
            found.append(Contender(f"{name}_baseline", probabilities))
            bar.note(name)
            bar.advance()
    return found
