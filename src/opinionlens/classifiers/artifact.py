"""Writing an artifact, with checksums and a self-test.

It is written aside, loaded as a proof, then renamed into place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from opinionlens.base.files import replacing_directory, sha256_of_file
from opinionlens.classifiers.classifier import Classifier
from opinionlens.classifiers.load import load_classifier
from opinionlens.classifiers.manifest import MANIFEST_NAME, Manifest, SelfTestCase
from opinionlens.text.rules_digest import text_rules_digest

SELF_TEST_TEXTS = 8


class Model(Protocol):
    """A trained model that an artifact can hold.

    `LinearModel` or `SkopsModel`.
    """

    @property
    def kind(self) -> str:
        """The manifest's `kind`."""

    def write(self, directory: Path) -> None:
        """Write the model's files into an empty folder."""

    def classifier(self, manifest: Manifest) -> Classifier:
        """Return the classifier in memory."""


def write_artifact(
    directory: Path,
    manifest: Manifest,
    model: Model,
    self_test_texts: Sequence[str],
    *,
    extra_files: Mapping[str, bytes] | None = None,
) -> Manifest:
    """Write an artifact and return its manifest.

    It replaces the one at `directory`. The manifest is as it is on disk.

    Args:
        directory: the artifact's folder; it holds nothing else afterwards.
        manifest: the facts known before the files exist; `files`, `self_test` and `text_rules` are filled in
            here.
        model: the weights.
        self_test_texts: 8 texts that exercise the model; their probabilities are recorded.
        extra_files: more files that travel with the classifier, by plain name (`reference.json`).

    Raises:
        ArtifactError: the written artifact does not load again; nothing changed at `directory`.
    """
    if len(self_test_texts) != SELF_TEST_TEXTS:
        raise ValueError(f"a self-test has {SELF_TEST_TEXTS} texts, not {len(self_test_texts)}")
    probabilities = model.classifier(manifest).predict_proba(self_test_texts).tolist()
    with replacing_directory(directory) as aside:
        model.write(aside)
        for name, content in (extra_files or {}).items():
            (aside / name).write_bytes(content)
        complete = replace(
            manifest,
            kind=model.kind,
            text_rules=text_rules_digest(),
            files={path.name: sha256_of_file(path) for path in sorted(aside.iterdir())},
            self_test=tuple(map(SelfTestCase, self_test_texts, map(tuple, probabilities))),
        )
        (aside / MANIFEST_NAME).write_bytes(complete.as_bytes())
        load_classifier(aside, complete.digest())
    return complete
