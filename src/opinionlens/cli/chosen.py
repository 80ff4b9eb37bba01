"""The classifier that a command works with."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from opinionlens.base.errors import RegistryUnavailable
from opinionlens.base.settings import load_settings
from opinionlens.cli.registries import with_login
from opinionlens.library.registry_access import open_store
from opinionlens.library.selection import WORD_LIST, Chosen, from_folder, from_word_list, is_folder
from opinionlens.library.versions import Named, from_registry, named_version, of_served
from opinionlens.registry.port import CHAMPION

__all__ = ["WORD_LIST", "Chosen", "chosen_classifier"]


def chosen_classifier(model: str | None) -> Chosen:
    """Load the classifier that `--model` names, or the champion.

    When the registry does not answer, the champion is the version served last.

    Raises:
        ArtifactError: it may not serve.
        RegistryError: it cannot be fetched, and no copy is here.
        InputError: `model` is neither a folder nor a version nor `lexicon`.
    """
    if model is not None and is_folder(model):
        return from_folder(Path(model))
    if model == WORD_LIST:
        return from_word_list()
    settings = load_settings()
    store = open_store(settings.api.saved_model_path)
    served = Named(settings.api.model_name, alias=CHAMPION)
    wanted = served if model is None else named_version(model)
    try:
        return with_login(
            settings.mlflow, lambda registry: from_registry(wanted, registry, store, warn=_warn)
        )
    except RegistryUnavailable as error:
        remembered = store.restore() if wanted == served else None
        if remembered is None:
            raise
        _warn(f"{error} Using the version served last, {remembered.version}.")
        return of_served(remembered, store)


def _warn(text: str) -> None:
    # Soft-wrapped, so that an address in it can be copied; and `[…]` around the address is no markup.
    console = Console(stderr=True, markup=False, emoji=False, highlight=False, soft_wrap=True)
    console.print(text, style="yellow")
