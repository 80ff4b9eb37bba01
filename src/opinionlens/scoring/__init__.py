"""Scoring a file of texts: the same rows out in the same order, with the verdicts beside them.

`score_file` reads, scores and writes in step, so that memory does not grow with the file. `columns` names
what is added, one file per format reads and writes, `spreadsheet` keeps a cell from being taken for a
formula.
"""

from opinionlens.scoring.score import ScoreReport, score_file

__all__ = ["ScoreReport", "score_file"]
