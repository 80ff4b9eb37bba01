"""The classifier that a command works with."""

from __future__ import annotations

from functools import partial

from opinionlens.cli.registries import with_login
from opinionlens.cli.telling import tell
from opinionlens.library.choice import choose
from opinionlens.library.selection import Chosen

__all__ = ["Chosen", "chosen_classifier"]


def chosen_classifier(model: str | None) -> Chosen:
    """Load the classifier that `--model` names, or the champion.

    The registry's login is asked for where it needs one. Raises as `library.choice.choose` does.
    """
    return choose(model, warn=partial(tell, style="yellow"), with_registry=with_login)
