"""Settings of pushing to the hub, by their older names."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dotenv import dotenv_values

from opinionlens.base.errors import SettingsInvalid

NAMES = ("HF_MODEL_REPO", "HF_TOKEN", "HF_ENDPOINT", "MIN_F1_THRESHOLD")
DEFAULT_THRESHOLD = 0.6
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", re.ASCII)


@dataclass(frozen=True)
class HubSettings:
    """Where models are pushed to, and from which score on.

    `repr` does not show the token.
    """

    repository: str
    token: str | None = field(repr=False, default=None)
    endpoint: str | None = None
    threshold: float = DEFAULT_THRESHOLD

    def needed_token(self) -> str:
        """Return the token. Raises SettingsInvalid without one."""
        if self.token is None:
            raise SettingsInvalid(
                "HF_TOKEN is not set.",
                remedy="Make a token with the right to write on the hub's page of access tokens.",
            )
        return self.token


def load_hub_settings(folder: Path | None = None) -> HubSettings:
    """Read the settings from the environment, else from `.env`.

    Raises:
        SettingsInvalid: the repository is not set, or a value cannot be; the token is never shown.
    """
    file = dotenv_values((folder or Path.cwd()) / ".env")
    return hub_settings({name: os.environ.get(name) or file.get(name) for name in NAMES})


def hub_settings(values: Mapping[str, str | None]) -> HubSettings:
    """Check the values of the variables. Raises SettingsInvalid."""
    repository = (values.get("HF_MODEL_REPO") or "").strip()
    if not repository:
        raise SettingsInvalid(
            "HF_MODEL_REPO is not set.",
            remedy="Name the model repository, for example your-team/opinionlens.",
        )
    if not _REPOSITORY.fullmatch(repository):
        raise SettingsInvalid(
            f"HF_MODEL_REPO is {repository[:100]!r}, which names no model repository.",
            remedy="Write OWNER/NAME, for example your-team/opinionlens.",
        )
    token = (values.get("HF_TOKEN") or "").strip() or None
    endpoint = (values.get("HF_ENDPOINT") or "").strip().rstrip("/") or None
    return HubSettings(repository, token, endpoint, _threshold(values.get("MIN_F1_THRESHOLD")))


def _threshold(text: str | None) -> float:
    if not text or not text.strip():
        return DEFAULT_THRESHOLD
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:
        raise SettingsInvalid(
            f"MIN_F1_THRESHOLD is {text[:20]!r}.", remedy="Give a number from 0 to 1, for example 0.6."
        )
    return value
