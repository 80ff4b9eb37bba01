import dataclasses
import json

import pytest
from tests.support.hub_server import HubServer

from opinionlens.classifiers.manifest_reading import read_manifest
from opinionlens.hub.pushing import HubModel

SCORES = {"test_f1_score": 0.75588, "test_accuracy": 0.77327, "test_n": 6876.0, "test_ece": 0.01336}


@pytest.fixture
def hub():
    server = HubServer()
    yield server
    server.close()


@pytest.fixture
def scored_model(write_word_model):
    """A function that writes an artifact with scores and sources, and returns it."""

    def make(folder, scores=SCORES, sources=("brand_tweets", "imdb"), words=None):
        write_word_model(folder, words or {"great": 1.0})
        manifest = read_manifest(folder).manifest
        training = dataclasses.replace(manifest.training, scores=scores, sources=sources, rows=27476)
        manifest = dataclasses.replace(manifest, training=training)
        (folder / "manifest.json").write_bytes(manifest.as_bytes())
        return HubModel(folder, manifest, manifest.digest())

    return make


@pytest.fixture
def metrics_file(tmp_path):
    def make(**changes):
        test = {"n": 6876, "macro_f1": 0.75588, "macro_f1_low": 0.74573, "macro_f1_high": 0.76638} | changes
        file = tmp_path / "tune_sklearn.json"
        file.write_text(json.dumps({"test": test}))
        return file

    return make
