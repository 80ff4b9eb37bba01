"""The port for events of deployment.

The app's metrics, or nothing, listen there.
"""

from __future__ import annotations

from typing import Literal, Protocol

from opinionlens.serving.store import ServedModel

SwapOutcome = Literal["activated", "rolled_back", "refused", "failed"]


class Observer(Protocol):
    """A listener to events of deployment."""

    def count_swap(self, outcome: SwapOutcome) -> None:
        """Count a change of the active version, or its failure."""

    def set_active_model(self, model: ServedModel | None) -> None:
        """Note the version that is active in this process."""

    def set_model_behind(self, seconds: float) -> None:
        """Note how long this process lags behind the deployment."""

    def set_registry_up(self, is_up: bool) -> None:
        """Note whether the registry answered."""


class NullObserver:
    """A listener that does nothing."""

    def count_swap(self, outcome: SwapOutcome) -> None:
        """See `Observer`."""

    def set_active_model(self, model: ServedModel | None) -> None:
        """See `Observer`."""

    def set_model_behind(self, seconds: float) -> None:
        """See `Observer`."""

    def set_registry_up(self, is_up: bool) -> None:
        """See `Observer`."""
