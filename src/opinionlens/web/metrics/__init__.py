"""Metrics: catalogue, measuring, view for Prometheus."""

from opinionlens.web.metrics.measuring import (
    CONTENT_TYPE,
    AnsweredText,
    Cut,
    LoginOutcome,
    Metrics,
    SwapOutcome,
)

__all__ = ["CONTENT_TYPE", "AnsweredText", "Cut", "LoginOutcome", "Metrics", "SwapOutcome"]
