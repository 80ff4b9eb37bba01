"""The classifier that a command works with."""

from __future__ import annotations

from rich.console import Console

from opinionlens.cli.registries import with_login
from opinionlens.library.choice import choose
from opinionlens.library.selection import Chosen

__all__ = ["Chosen", "chosen_classifier"]


def chosen_classifier(model: str | None) -> Chosen:
    """Load the classifier that `--model` names, or the champion.

    The registry's login is asked for where it needs one. Raises as `library.choice.choose` does.
    """
    return choose(model, warn=_warn, with_registry=with_login)


def _warn(text: str) -> None:
    # Soft-wrapped, so that an address in it can be copied; and `[…]` around the address is no markup.
    console = Console(stderr=True, markup=False, emoji=False, highlight=False, soft_wrap=True)
    console.print(text, style="yellow")
