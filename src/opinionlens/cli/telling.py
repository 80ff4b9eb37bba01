"""Sentences for people at the terminal, apart from results."""

from __future__ import annotations

from rich.console import Console


def tell(words: str, *, style: str | None = None) -> None:
    """Print a line on standard error.

    Names of files and columns may look like markup, and addresses are to be copied whole.
    """
    console = Console(stderr=True, markup=False, emoji=False, highlight=False, soft_wrap=True)
    console.print(words, style=style)
