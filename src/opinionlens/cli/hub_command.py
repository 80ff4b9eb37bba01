"""`opinionlens models push-hub` and `models card`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from opinionlens.base.errors import InputError
from opinionlens.base.files import replacing_file
from opinionlens.cli.hub_settings import load_hub_settings

if TYPE_CHECKING:
    from opinionlens.hub.port import ModelHub
    from opinionlens.hub.pushing import HubModel


def run_push(model: str, metrics: Path | None, *, as_json: bool) -> None:
    """Push a model that is good enough."""
    from opinionlens.hub.pushing import check_score, interval_in, upload_of

    settings = load_hub_settings()
    token = settings.needed_token()
    chosen = _verified(model)
    score = check_score(chosen.manifest, settings.threshold)
    interval = interval_in(metrics, chosen.manifest) if metrics is not None else None
    upload = upload_of(chosen, settings.repository, interval)
    done = open_hub(settings.repository, token, settings.endpoint).push(upload)
    if as_json:
        fields = {
            "repository": settings.repository,
            "tag": upload.tag,
            "commit": done.commit,
            "address": done.address,
            "digest": chosen.digest,
            "macro_f1": score,
            "is_new": done.is_new,
        }
        typer.echo(json.dumps(fields, indent=2))
        return
    verb = "is now" if done.is_new else "was already"
    typer.echo(f"{model} ({upload.message}) {verb} {upload.tag} of {settings.repository}")
    typer.echo(done.address)


def run_card(model: str, repository: str, metrics: Path | None, out: Path | None) -> None:
    """Print or write the card that a push would bring."""
    from opinionlens.hub.pushing import interval_in, upload_of

    chosen = _verified(model)
    interval = interval_in(metrics, chosen.manifest) if metrics is not None else None
    upload = upload_of(chosen, repository, interval)
    if out is None:
        typer.echo(upload.card, nl=False)
        return
    with replacing_file(out) as aside:
        aside.write_text(upload.card, encoding="utf-8")
    typer.echo(f"{out} is the card of {model}; its tag on the hub is {upload.tag}")


def open_hub(repository: str, token: str, endpoint: str | None) -> ModelHub:
    """Return the repository on the hub."""
    from opinionlens.hub.huggingface import HuggingFaceHub

    return HuggingFaceHub(repository, token, endpoint=endpoint)


def _verified(model: str) -> HubModel:
    """Load the artifact, which checks all of it."""
    from opinionlens.cli.registries import with_login
    from opinionlens.hub.pushing import HubModel
    from opinionlens.library.choice import choose

    chosen = choose(
        model, warn=lambda text: typer.echo(f"warning: {text}", err=True), with_registry=with_login
    )
    if chosen.folder is None or chosen.digest is None:
        raise InputError("The word list is no trained model.", remedy="Name a folder or NAME@ALIAS.")
    return HubModel(chosen.folder, chosen.classifier.manifest, chosen.digest)
