"""Saves the pipeline as an MLflow model, for `mlflow models serve`. Runs in MLflow's own environment."""

from __future__ import annotations

import sys

import joblib
import mlflow.sklearn

if __name__ == "__main__":
    source, folder = sys.argv[1:]
    mlflow.sklearn.save_model(
        joblib.load(source),
        folder,
        # The recipe's own function is part of the pipeline, which `skops` would not take.
        serialization_format="cloudpickle",
        pyfunc_predict_fn="predict_proba",
        pip_requirements=["mlflow", "scikit-learn"],
    )
