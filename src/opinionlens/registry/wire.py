"""The registry's calls as JSON lines.

A request is `{"id": 7, "method": "versions", "arguments": {"name": "m"}}`; an answer is `{"id": 7, "result":
…}` or `{"id": 7, "error": {"type": "VersionNotFound", "what": …, "where": …, "remedy": …}}`. Before it
may come any number of `{"id": 7, "progress": true}`: the registry's server has answered a request. The first
request of all has the id 0 and the method `open`; it says where the registry is, and its answer that the
child is ready.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter

from opinionlens.base import errors
from opinionlens.base.errors import OpinionLensError, RegistryError
from opinionlens.registry.port import Registry, RegistryLoginNeeded, SourceRun, Version

Json = Any
T = TypeVar("T")

OPENING_ID = 0

VERSION = TypeAdapter(Version)
RUN = TypeAdapter(SourceRun)


def as_json(adapter: TypeAdapter[T], value: T) -> Json:
    """Return a version or a run as a JSON object."""
    return adapter.dump_python(value, mode="json")


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
            return [as_json(VERSION, version) for version in registry.versions(**arguments)]
        case "version" | "by_alias":
            return as_json(VERSION, getattr(registry, method)(**arguments))
        case "register":
            artifact = Path(arguments["artifact"])
            return as_json(VERSION, registry.register(**{**arguments, "artifact": artifact}))
        case "download":
            version = VERSION.validate_python(arguments["version"])
            return str(registry.download(version, Path(arguments["into"])))
        case "copy_run":
            return registry.copy_run(RUN.validate_python(arguments["run"]), arguments["experiment"])
        case _:
            raise RegistryError(f"The registry has no call {method!r}.")
