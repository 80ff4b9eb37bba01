"""Cards for a user's own files, made from `params.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath, PureWindowsPath

from opinionlens.base.errors import ParamsInvalid, TableInvalid
from opinionlens.datasets.card import Card, Columns, CommercialUse, Layout, UserFile, label_key
from opinionlens.tabular.formats import format_of
from opinionlens.text.labels import Label

OWN_LICENCE = "Yours"
OWN_TERMS = "Your own file: you know what it may be used for."
# A user's label map is written for the one file, so a label outside it is a mistake to correct. One row in a
# thousand is allowed for: in a large file a few damaged rows must not stop the work.
UNKNOWN_LABELS_ALLOWED = 0.001


def card_from_params(
    name: str,
    path: str,
    *,
    text_column: str,
    label_column: str,
    label_map: Mapping[str, Label | None],
    group_column: str | None = None,
    time_column: str | None = None,
) -> Card:
    """Build the card of a file below `data.raw_dir`.

    Its ending says the format.

    Raises:
        ParamsInvalid: the path leaves `data.raw_dir`, the ending is unknown, a column has two roles, or the
            label map is empty or contradicts itself.
    """
    try:
        format_of(PurePosixPath(path))
    except TableInvalid as error:
        raise ParamsInvalid(error.what, where=f"data.files: {name}", remedy=error.remedy) from error
    if leaves_folder(path):
        raise ParamsInvalid(
            f"`{path}` is not below `data.raw_dir`",
            where=f"data.files: {name}",
            remedy="DVC only watches that folder: put the file there, or set `data.raw_dir` to where it is.",
        )
    columns = Columns(text=text_column, label=label_column, group=group_column, time=time_column)
    _check_columns(name, columns)
    return Card(
        name=name,
        title=f"Your file {path}",
        source_url="",
        licence=OWN_LICENCE,
        commercial_use=CommercialUse.NOT_STATED,
        terms=OWN_TERMS,
        citation="",
        how_to_get="Put it there, or correct its `path` in params.yaml.",
        origin=UserFile(),
        layout=Layout.TABLE,
        path=path,
        columns=columns,
        labels=_label_map(name, label_map),
        unknown_labels_allowed=UNKNOWN_LABELS_ALLOWED,
    )


def leaves_folder(path: str) -> bool:
    """Return whether a relative path leads out of its folder."""
    return PurePosixPath(path).is_absolute() or bool(PureWindowsPath(path).drive) or ".." in path.split("/")


def _check_columns(name: str, columns: Columns) -> None:
    used = [
        column for column in (columns.text, columns.label, columns.group, columns.time) if column is not None
    ]
    if len(set(used)) < len(used) or "" in used:
        raise ParamsInvalid(
            f"each column can have one role and needs a name, not {used}", where=f"data.files: {name}"
        )


def _label_map(name: str, written: Mapping[str, Label | None]) -> dict[str, Label | None]:
    labels: dict[str, Label | None] = {}
    for key, label in written.items():
        if labels.setdefault(label_key(str(key)), label) != label:
            raise ParamsInvalid(
                f"`label_map` gives {key!r} two meanings (case and outer spaces do not count)",
                where=f"data.files: {name}",
            )
    if not any(labels.values()):
        raise ParamsInvalid("`label_map` names no class", where=f"data.files: {name}")
    return labels
