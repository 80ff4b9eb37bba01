"""Whom the lifecycle tells what happens: the app's metrics, or nobody."""

from __future__ import annotations

from typing import Literal, Protocol

from opinionlens.serving.store import ServedModel

SwapOutcome = Literal["activated", "rolled_back", "refused", "failed"]


class Observer(Protocol):
    """What `Metrics` offers of this."""

    def count_swap(self, outcome: SwapOutcome) -> None:
        """This process changed the answering version, or did not."""

    def set_active_model(self, model: ServedModel | None) -> None:
        """This version answers in this process from now on."""

    def set_registry_up(self, is_up: bool) -> None:
        """The registry answered, or did not."""


class NullObserver:
    """Does not care."""

    def count_swap(self, outcome: SwapOutcome) -> None:
        """See `Observer`."""

    def set_active_model(self, model: ServedModel | None) -> None:
        """See `Observer`."""

    def set_registry_up(self, is_up: bool) -> None:
        """See `Observer`."""
