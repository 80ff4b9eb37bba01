"""`opinionlens models`: list, download, pack and publish."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from opinionlens.base.errors import InputError

if TYPE_CHECKING:
    from opinionlens.registry import Version

models = typer.Typer(help="Models: list, download, pack or publish them.", no_args_is_help=True)

_SCORE = "test_f1_score"  # macro F1 on the test split, by which versions are compared

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@models.command("list")
def list_models(as_json: JsonOption = False) -> None:
    """List the registered versions, with the reason against serving."""
    from opinionlens.base.settings import load_settings
    from opinionlens.cli.printed_tables import moment, show_table
    from opinionlens.cli.registries import with_login
    from opinionlens.library.downloading import every_version

    versions = with_login(load_settings().mlflow, every_version)
    if as_json:
        typer.echo(json.dumps([_fields(version) for version in versions], indent=2, ensure_ascii=False))
        return
    if not versions:
        typer.echo("The registry has no model.", err=True)
        return
    head = ("model", "version", "aliases", "kind", "macro F1", "registered", "servable")
    rows = [
        (
            version.name,
            str(version.number),
            ", ".join(version.aliases) or "–",
            version.kind or "–",
            f"{score:.3f}" if (score := version.scores.get(_SCORE)) is not None else "–",
            moment(version.created),
            "yes" if version.servable else "no",
        )
        for version in versions
    ]
    show_table(head, rows)
    for version in versions:
        if not version.servable:
            typer.echo(f"{version.name} {version.number} cannot be served. {version.why_not_servable}")


@models.command("download")
def download_model(
    version: Annotated[
        str,
        typer.Argument(
            help="NAME@champion or another alias, NAME/NUMBER, NAME@NUMBER, models:/NAME/NUMBER; or a packed"
            " model: an https address, or a file that ends with .zip."
        ),
    ],
    to: Annotated[
        Path,
        typer.Option(
            metavar="FOLDER", help="Where to put it: a new or empty folder, or one that holds a model alone."
        ),
    ],
    digest: Annotated[
        str | None,
        typer.Option(
            metavar="SHA256", help="Of a packed model: take it only with this SHA-256 of its manifest."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Download a version or a packed model, verified.

    The app serves it with API__MODEL_PATH=FOLDER, without a registry.
    """
    from opinionlens.library.packed import is_packed

    if is_packed(version):
        _download_packed(version, to, digest, as_json=as_json)
        return
    if digest is not None:
        raise InputError(
            "--digest is for packed models.", remedy="The registry says the digest of a version."
        )
    _download_version(version, to, as_json=as_json)


@models.command("pack")
def pack_model(
    folder: Annotated[Path, typer.Argument(help="A folder with a model, such as objects/transformer.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where to write it; the name ends with .zip.")],
) -> None:
    """Write a model as one file, for `models download`."""
    from opinionlens.library.packed import pack

    digest = pack(folder, out)
    typer.echo(f"{folder} is packed in {out} ({out.stat().st_size / 1e6:.1f} MB)")
    typer.echo(f"SHA-256 of its manifest: {digest}")


HubModelArgument = Annotated[
    str,
    typer.Argument(
        metavar="MODEL", help="A folder with a model, such as objects/classifier, or NAME@ALIAS, NAME@NUMBER."
    ),
]
MetricsOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="metrics/tune_sklearn.json of the same training, for the interval of the macro F1.",
    ),
]


@models.command("push-hub")
def push_hub(model: HubModelArgument, metrics: MetricsOption = None, as_json: JsonOption = False) -> None:
    """Push a good enough model to the Hugging Face hub.

    HF_MODEL_REPO and HF_TOKEN say where; its macro F1 has to reach MIN_F1_THRESHOLD (0.6).
    """
    from opinionlens.cli.hub_command import run_push
    from opinionlens.cli.processes import sigterm_as_ctrl_c

    with sigterm_as_ctrl_c():
        run_push(model, metrics, as_json=as_json)


@models.command("card")
def write_card(
    model: HubModelArgument,
    repository: Annotated[
        str, typer.Option(metavar="OWNER/NAME", help="Its name on the hub, for the example.")
    ] = "your-team/opinionlens",
    metrics: MetricsOption = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it there.")] = None,
) -> None:
    """Print the model card that a push would bring."""
    from opinionlens.cli.hub_command import run_card

    run_card(model, repository, metrics, out)


def _download_packed(source: str, to: Path, digest: str | None, *, as_json: bool) -> None:
    from opinionlens.base.files import with_home
    from opinionlens.cli.processes import sigterm_as_ctrl_c
    from opinionlens.library.packed import unpack

    with sigterm_as_ctrl_c():
        done = unpack(source, Path(with_home(str(to))), digest)
    if as_json:
        fields = {"kind": done.kind, "digest": done.digest, "folder": str(done.folder), "is_new": done.is_new}
        typer.echo(json.dumps(fields, indent=2, ensure_ascii=False))
        return
    typer.echo(f"{source} ({done.kind}) {'is now' if done.is_new else 'was already'} in {done.folder}")
    typer.echo(f"SHA-256 of its manifest: {done.digest}")


def _download_version(version: str, to: Path, *, as_json: bool) -> None:
    from opinionlens.base.files import with_home
    from opinionlens.base.settings import load_settings
    from opinionlens.cli.processes import sigterm_as_ctrl_c
    from opinionlens.cli.registries import with_login
    from opinionlens.library.downloading import download, registered_version

    named = registered_version(version)
    with sigterm_as_ctrl_c():
        done = with_login(
            load_settings().mlflow, lambda registry: download(named, registry, Path(with_home(str(to))))
        )
    found = done.version
    if as_json:
        fields = _fields(found) | {"folder": str(done.folder), "is_new": done.is_new}
        typer.echo(json.dumps(fields, indent=2, ensure_ascii=False))
        return
    verb = "is now" if done.is_new else "was already"
    typer.echo(f"{found.name} {found.number} ({found.kind or 'unknown kind'}) {verb} in {done.folder}")
    typer.echo(f"SHA-256 of its manifest: {found.digest}")


def _fields(version: Version) -> dict[str, Any]:
    """Return a version as in the API's list."""
    return {
        "model_name": version.name,
        "model_version": version.number,
        "kind": version.kind,
        "digest": version.digest,
        "created": version.created.isoformat(),
        "run_id": version.run_id,
        "aliases": list(version.aliases),
        "scores": dict(version.scores),
        "servable": version.servable,
        "why_not_servable": version.why_not_servable,
    }
