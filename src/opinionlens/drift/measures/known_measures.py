"""The catalogue of measures, in the order of reports.

The domain classifier is not among them: it compares texts with texts, not averages.
"""

from __future__ import annotations

from opinionlens.drift.measures.confidence_shift import CONFIDENCE_SHIFT
from opinionlens.drift.measures.embedding_drift import EMBEDDING_DRIFT
from opinionlens.drift.measures.embedding_mmd import EMBEDDING_MMD
from opinionlens.drift.measures.label_drift import LABEL_DRIFT
from opinionlens.drift.measures.label_shift import LABEL_SHIFT
from opinionlens.drift.measures.length_shift import LENGTH_SHIFT
from opinionlens.drift.measures.measure import Measure
from opinionlens.drift.measures.term_shift import TERM_SHIFT
from opinionlens.drift.measures.unknown_terms import UNKNOWN_TERMS

MEASURES: tuple[Measure, ...] = (
    LABEL_SHIFT,
    LABEL_DRIFT,
    CONFIDENCE_SHIFT,
    LENGTH_SHIFT,
    UNKNOWN_TERMS,
    EMBEDDING_DRIFT,
    EMBEDDING_MMD,
    TERM_SHIFT,
)
