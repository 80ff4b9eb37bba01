"""The stages of the pipeline as commands.

Their names are those of the first system.
"""

from __future__ import annotations

from importlib import import_module

from opinionlens.cli.exit_status import run_to_end


def preprocess_data() -> None:
    """Run the stage `preprocess_data`."""
    _run("preprocess_data")


def vectorize_data() -> None:
    """Run the stage `vectorize_data`."""
    _run("vectorize_data")


def run_baselines() -> None:
    """Run the stage `run_baselines`."""
    _run("run_baselines")


def train_sklearn() -> None:
    """Run the stage `train_sklearn`."""
    _run("train_sklearn")


def tune_sklearn() -> None:
    """Run the stage `tune_sklearn`."""
    _run("tune_sklearn")


def evals() -> None:
    """Run the stage `run_evals`."""
    _run("run_evals")


def train_fasttext() -> None:
    """Run the stage `train_fasttext`, with options for its parameters."""
    _run("train_fasttext")


def train_transformer() -> None:
    """Run the stage `train_transformer`."""
    _run("train_transformer")


def train_distilled() -> None:
    """Run the stage `train_distilled`."""
    _run("train_distilled")


def _run(stage: str) -> None:
    """Import a stage and run it.

    It is imported only now, so that a missing extra is one message.
    """
    run_to_end(lambda: import_module(f"opinionlens.pipeline.{stage}").main())
