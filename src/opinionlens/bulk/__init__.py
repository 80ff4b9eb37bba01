"""Batch prediction: predictions for the rows of a file.

The same rows come out in the same order, with the predictions beside them. `predict_rows` reads, predicts and
writes in step, so that memory does not grow with the file. `result_columns` names the added columns;
`tabular` reads and writes the formats.
"""

from opinionlens.bulk.batch_prediction import BatchReport, predict_rows

__all__ = ["BatchReport", "predict_rows"]
