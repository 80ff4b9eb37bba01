"""What every test shares: a skip is a failure in CI, and small real classifiers can be had anywhere."""

import os
import shutil
import sqlite3
import sys
from collections import Counter
from contextlib import closing

import pytest
from hypothesis import settings as hypothesis_settings

from opinionlens.base.file_locks import lock as hold

# Without a time limit for an example, as in CI's profile: several processes share the cores.
hypothesis_settings.register_profile("patient", deadline=None)
if os.environ.get("CI") != "true":
    hypothesis_settings.load_profile("patient")

pytest_plugins = ["tests.support.reruns", "tests.support.web_app"]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Turn skips into failures where nothing may be missing (.ci/run installs all that a test may need)."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"skipped in CI, where nothing may be missing: {report.longrepr}"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """Run one process more than there are cores: much of the time is spent on waiting for programs."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None  # xdist reads it
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (cores or 1) + 1


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Begin with what is slow, so that no process is left alone with it at the end."""
    # One process alone keeps the order of the files; tests/stack has its own.
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    sizes = Counter(item.path for item in items)
    items.sort(key=lambda item: (item.path not in slow, -sizes[item.path]))


@pytest.fixture(autouse=True)
def same_import_path():
    """Take back what a test adds to the import path.

    `mlflow.pyfunc.load_model` puts the code of a model in front, which is a part of `opinionlens`: a process
    that is spawned later would import that.
    """
    before = list(sys.path)
    yield
    sys.path[:] = before


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory):
    """A folder of this run of the tests, the same for all processes that take part in it."""
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


@pytest.fixture(scope="session")
def made_once(shared_folder):
    """A function that makes a file or folder once for all processes of this run: what takes seconds to make.

    It is called with a name and a function that makes it at a path. It is to be copied, not changed.
    """

    def made(name, make):
        path = shared_folder / name
        with (shared_folder / f"{name}.lock").open("w") as lock:
            hold(lock)
            if not path.exists():
                aside = path.with_name(f"{name}.aside")
                make(aside)
                aside.rename(path)
        return path

    return made


@pytest.fixture(scope="session")
def empty_mlflow_database(made_once):
    """MLflow's tables without a run in them."""
    from opinionlens.registry import mlflow as logged_models
    from opinionlens.tracking.mlflow import MlflowTracking

    def make(path):
        MlflowTracking(f"sqlite:///{path}", models=logged_models).prepare()
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    return made_once("empty-mlflow.db", make)


@pytest.fixture(scope="session")
def new_mlflow_database(empty_mlflow_database, tmp_path_factory):
    """A function that returns the address of a new database of MLflow, in the file named or in its own."""

    def new(path=None):
        path = path or tmp_path_factory.mktemp("store") / "mlruns.db"
        shutil.copy(empty_mlflow_database, path)
        return f"sqlite:///{path}"

    return new


@pytest.fixture(scope="session")
def drift_reference(made_once):
    """The drift reference of the model in `tests/support/drift_model.py`."""

    def make(path):
        from tests.support.drift_model import make_reference

        path.write_bytes(make_reference())

    return made_once("drift-reference.json", make).read_bytes()


@pytest.fixture(scope="session")
def write_word_model():
    """A function that writes an artifact whose words count as told, and returns its digest.

    `{"great": 2.0}` adds 2 to POSITIVE and takes 2 from NEGATIVE for each "great"; NEUTRAL starts ahead by 1.
    Further keywords are its lineage, for example `run_id`.
    """
    import numpy as np

    from opinionlens.classifiers.artifact import write_artifact
    from opinionlens.classifiers.linear.linear_classifier import LinearModel
    from opinionlens.classifiers.linear.weights import Block, LinearWeights, TextWeights
    from opinionlens.classifiers.manifest import Lineage, Manifest, Training
    from opinionlens.classifiers.uncertainty import Uncertainty
    from opinionlens.features.calibration import Calibration
    from opinionlens.features.spec import FeatureSpec
    from opinionlens.text.labels import LABELS
    from opinionlens.text.recipe import RECIPES

    def write(path, words, *, min_confidence=0.5, sources=(), **lineage):
        terms = sorted(words)
        block = Block("words", terms, tf="count", scale=np.ones(len(terms)), normalise=False)
        weight = np.array([words[term] for term in terms], dtype=float)
        coef = np.stack([-weight, np.zeros(len(terms)), weight])
        manifest = Manifest(
            kind="linear",
            labels=LABELS,
            features=FeatureSpec(RECIPES["plain-v1"], word_ngrams=(1, 1)),
            calibration=Calibration.none(3),
            uncertainty=Uncertainty(min_confidence=min_confidence, min_known_share=0.2, min_words=4),
            training=Training("by hand", sources=tuple(sources)),
            lineage=Lineage(**lineage),
        )
        model = LinearModel(LinearWeights(TextWeights((block,)), coef, np.array([0.0, 1.0, 0.0])))
        texts = [f"{term} {number}" for number, term in enumerate((terms * 8)[:8])]
        return write_artifact(path, manifest, model, texts).digest()

    return write


@pytest.fixture
def bare_environment(monkeypatch):
    """Take every setting of ours out of the environment, whatever the shell that runs the tests has."""
    from opinionlens.base.settings import names_of_mlflow, setting_names

    for name in (*setting_names(), *names_of_mlflow()):
        monkeypatch.delenv(name, raising=False)
