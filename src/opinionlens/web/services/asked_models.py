"""Models that a person or program asks for by name."""

from __future__ import annotations

from opinionlens.classifiers.lexicon_classifier import LexiconClassifier
from opinionlens.deployment.lifecycle import Lifecycle
from opinionlens.serving.store import ModelStore, ServedModel

# Words for what answers now and for the word list; no id of a version is one of them.
ACTIVE, WORD_LIST = "active", "lexicon"


class AskedModels:
    """Models by the id of a version, `active` or `lexicon`."""

    def __init__(self, store: ModelStore, lifecycle: Lifecycle) -> None:
        """Find the models that `store` and `lifecycle` hold."""
        self._store = store
        self._lifecycle = lifecycle

    async def find(self, name: str) -> ServedModel:
        """Return the model of a name.

        It lives as long as it is referred to.

        Raises:
            ModelNotLoaded: there is no such version here.
            ModelNotAvailableError: nothing answers now.
            ArtifactError: it may not serve.
        """
        if name == WORD_LIST:
            return ServedModel(LexiconClassifier(), "built-in word list")
        if name == ACTIVE:
            return self._store.current()
        return await self._lifecycle.on_tried(name, lambda model: model)
