"""The registry's calls as JSON lines.

A request is `{"id": 7, "method": "versions", "arguments": {"name": "m"}}`; an answer is `{"id": 7, "result":
…}` or `{"id": 7, "error": {"type": "VersionNotFound", "what": …, "where": …, "remedy": …}}`. Before it
may come any number of `{"id": 7, "progress": true}`: the registry's server has answered a request. The first
request of all has the id 0 and the method `open`; it says where the registry is, and its answer that the
child is ready.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from opinionlens.base import errors
from opinionlens.base.errors import OpinionLensError, RegistryError
from opinionlens.registry.port import Registry, RegistryLoginNeeded, SourceRun, Version

Json = Any

OPENING_ID = 0


def version_as_dict(version: Version) -> dict[str, Any]:
    """Return a version as a JSON object."""
    return asdict(version) | {"created": version.created.isoformat()}


def version_from_dict(value: Mapping[str, Any]) -> Version:
    """Return the version from its JSON object."""
    created = datetime.fromisoformat(value["created"])
    return Version(**{**value, "created": created, "aliases": tuple(value["aliases"])})


def run_as_dict(run: SourceRun) -> dict[str, Any]:
    """Return a run as a JSON object."""
    ended = run.ended.isoformat() if run.ended else None
    return asdict(run) | {"started": run.started.isoformat(), "ended": ended}


def run_from_dict(value: Mapping[str, Any]) -> SourceRun:
    """Return the run from its JSON object."""
    ended = datetime.fromisoformat(value["ended"]) if value["ended"] else None
    return SourceRun(**{**value, "started": datetime.fromisoformat(value["started"]), "ended": ended})


def error_as_dict(error: OpinionLensError) -> dict[str, Any]:
    """Return an error as a JSON object."""
    return {"type": type(error).__name__, "what": error.what, "where": error.where, "remedy": error.remedy}


def error_from_dict(value: Mapping[str, Any]) -> OpinionLensError:
    """Return the error from its JSON object.

    One of an unknown type is a RegistryError.
    """
    kind: type[OpinionLensError] = getattr(errors, value["type"], RegistryError)
    if value["type"] == RegistryLoginNeeded.__name__:
        kind = RegistryLoginNeeded
    return kind(value["what"], where=value["where"], remedy=value["remedy"])


def answer(registry: Registry, method: str, arguments: Mapping[str, Any]) -> Json:
    """Call the registry; return the result in JSON form."""
    match method:
        case "names" | "set_alias" | "set_tags" | "has_run":
            return getattr(registry, method)(**arguments)
        case "versions":
            return [version_as_dict(version) for version in registry.versions(**arguments)]
        case "version" | "by_alias":
            return version_as_dict(getattr(registry, method)(**arguments))
        case "register":
            return version_as_dict(
                registry.register(**{**arguments, "artifact": Path(arguments["artifact"])})
            )
        case "download":
            return str(registry.download(version_from_dict(arguments["version"]), Path(arguments["into"])))
        case "copy_run":
            return registry.copy_run(run_from_dict(arguments["run"]), arguments["experiment"])
        case _:
            raise RegistryError(f"The registry has no call {method!r}.")
