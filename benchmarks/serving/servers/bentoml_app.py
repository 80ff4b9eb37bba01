"""The pipeline under BentoML, batched adaptively. Runs in BentoML's own environment."""

from __future__ import annotations

import os

import bentoml
import joblib


@bentoml.service(workers=1)
class Sentiment:
    """Answers with the probabilities of the classes."""

    def __init__(self) -> None:
        self.pipeline = joblib.load(os.environ["PIPELINE"])

    @bentoml.api(batchable=True, max_batch_size=16, max_latency_ms=1_000)
    def predict(self, texts: list[str]) -> list[list[float]]:
        """Score all texts of a batch at once."""
        return self.pipeline.predict_proba(texts).tolist()
