"""The choice of a classifier, for the library and commands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from opinionlens.base.errors import ArtifactMissing, RegistryUnavailable
from opinionlens.base.files import with_home
from opinionlens.library.selection import WORD_LIST, Chosen, from_folder, from_word_list, is_folder

if TYPE_CHECKING:
    from opinionlens.base.setting_groups import MlflowSettings
    from opinionlens.registry import Registry

    Work = Callable[[Registry], Chosen]
    # Opens the registry of the settings, does the work with it, and closes it.
    WithRegistry = Callable[[MlflowSettings, Work], Chosen]


def with_configured_login(settings: MlflowSettings, work: Work) -> Chosen:
    """Do `work` with the registry that the settings name."""
    from opinionlens.library.registry_access import open_registry

    with open_registry(settings) as registry:
        return work(registry)


def choose(
    model: str | Path | None,
    *,
    warn: Callable[[str], object],
    with_registry: WithRegistry = with_configured_login,
) -> Chosen:
    """Load the classifier that a name stands for.

    A path means a folder. A string means a folder if there is one of that name, then the word list or a
    version of the registry. None means what the app serves: the model of API__MODEL_PATH, else the champion.
    When the registry does not answer, this champion is the version served last.

    Args:
        model: the name.
        warn: told when a copy on this disk is used because the registry fails.
        with_registry: opens the registry, where it is needed.

    Raises:
        ArtifactError: it is missing or may not serve.
        RegistryError: it cannot be fetched, and no copy is here.
        InputError: the string is neither a folder nor a version nor `lexicon`.
    """
    if model is None:
        return _from_registry(None, warn, with_registry)
    home = with_home(str(model))
    if is_folder(home):
        return from_folder(Path(home))
    if isinstance(model, Path):
        raise ArtifactMissing(
            "There is no folder with an artifact.",
            where=home,
            remedy="Name the folder that holds manifest.json, for example objects/classifier.",
        )
    if model == WORD_LIST:
        return from_word_list()
    return _from_registry(model, warn, with_registry)


def _from_registry(model: str | None, warn: Callable[[str], object], with_registry: WithRegistry) -> Chosen:
    """Load a version of the registry, or the served one.

    The modules that a folder does not need are imported here.
    """
    from opinionlens.base.settings import load_settings
    from opinionlens.library.registry_access import open_store
    from opinionlens.library.versions import Named, from_registry, named_version, of_served
    from opinionlens.registry.port import CHAMPION

    wanted = None if model is None else named_version(model)  # before settings: it may be no name at all
    settings = load_settings()
    if model is None and settings.api.model_path is not None:
        return from_folder(settings.api.model_path, name=settings.api.model_name)
    store = open_store(settings.api.saved_model_path)
    served = Named(settings.api.model_name, alias=CHAMPION)
    version = wanted or served
    try:
        return with_registry(
            settings.mlflow, lambda registry: from_registry(version, registry, store, warn=warn)
        )
    except RegistryUnavailable as error:
        remembered = store.restore() if version == served else None
        if remembered is None:
            raise
        warn(f"{error} Using the version served last, {remembered.version}.")
        return of_served(remembered, store)
