"""The hub's port: one commit and its tag per model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from opinionlens.base.errors import OpinionLensError

# The artifact has a folder of its own: a card or Git's files beside it would be no part of it.
MODEL_FOLDER = "model"
CARD_NAME = "README.md"


class HubError(OpinionLensError):
    """The hub refused a request, or does not answer."""

    status = 502


@dataclass(frozen=True)
class Upload:
    """A model on its way to the hub.

    Attributes:
        files: those of the artifact, by their names in its folder.
        card: the model card, as Markdown with front matter.
        message: of the commit.
        tag: of the commit; it names this artifact and no other.
    """

    files: Mapping[str, Path]
    card: str
    message: str
    tag: str


@dataclass(frozen=True)
class Pushed:
    """A model on the hub.

    Attributes:
        commit: that the tag names.
        address: of its page.
        is_new: False where the hub had the tag already; then nothing was sent.
    """

    commit: str
    address: str
    is_new: bool


class ModelHub(Protocol):
    """A repository with a tagged commit per model."""

    def push(self, upload: Upload) -> Pushed:
        """Commit a model and tag the commit.

        The folder `model` then holds the files of the upload and no others. Files elsewhere stay.

        Raises:
            HubError: the repository or the right to write is missing, somebody else wrote in the meantime, or
                the hub does not answer. A second try continues where the first one stopped.
        """
