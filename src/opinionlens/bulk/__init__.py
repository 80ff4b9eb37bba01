"""Scoring a file of texts: the same rows out in the same order, with the verdicts beside them.

`score_file` reads, scores and writes in step, so that memory does not grow with the file. `columns` names
what is added; `tabular` reads and writes the formats.
"""

from opinionlens.bulk.batch_prediction import ScoreReport, score_file

__all__ = ["ScoreReport", "score_file"]
