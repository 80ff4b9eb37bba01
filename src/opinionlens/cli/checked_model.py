"""The model of a drift check, with its reference."""

from __future__ import annotations

from opinionlens.cli.chosen import chosen_classifier
from opinionlens.jobs.drift_check import CheckedModel, read_profile
from opinionlens.storage.predictions import logged_model


def load_checked_model(model: str | None) -> CheckedModel:
    """Load the model that `--model` names, or the champion.

    Raises:
        InputError: the classifier has no artifact.
        ArtifactUnsupported: its reference is missing, or older than the checks.
    """
    chosen = chosen_classifier(model)
    # A folder's version is the start of its digest: 12 hexadecimal digits.
    is_number = chosen.version.isdecimal() and len(chosen.version) < 12
    profile = read_profile(chosen.folder)
    if is_number:
        return CheckedModel(chosen.classifier, chosen.name, int(chosen.version), profile)
    # As the app writes it into the log where API__MODEL_PATH names the folder that it serves.
    name = logged_model(chosen.name, chosen.version)[0] if model is None else chosen.name
    return CheckedModel(chosen.classifier, name, None, profile)
