"""MLflow's failures translated into our errors.

Those of its HTTP library and its database, too. None of them is imported.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping
from http import HTTPStatus

from opinionlens.base.errors import (
    DiskUnwritable,
    OpinionLensError,
    RegistryError,
    RegistryUnavailable,
    VersionNotFound,
)
from opinionlens.base.mlflow_client import broken_line, causes
from opinionlens.base.urls import shown
from opinionlens.registry.port import RegistryLoginNeeded

_NOT_NOW: Mapping[int, str] = {
    status: f"{status.value} {status.phrase}"
    for status in (
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    )
}
_LONGEST_MESSAGE = 300
CHECK_ADDRESS = "Check that the MLflow server runs, and that this is its address."


def address_remedy(setting: str | None) -> str:
    """Return the remedy for a wrong address.

    Args:
        setting: The name of the setting with the address, where that is known.
    """
    return CHECK_ADDRESS if setting is None else CHECK_ADDRESS.replace("this", setting)


def translated(error: Exception, *, uri: str, missing: str | None = None) -> OpinionLensError:
    """Return our error for a failure of MLflow.

    Args:
        error: MLflow's error.
        uri: The registry's address; a password in it is not repeated.
        missing: A sentence that it does not exist; with it MLflow's 404 is VersionNotFound.
    """
    where, status, message = shown(uri), _status(error), _message(error, uri)
    if _is_about_room(error):
        remedy = "Delete versions that are no longer needed, or give the folder of models more room."
        return DiskUnwritable("The disk is full.", remedy=remedy)
    if status == HTTPStatus.UNAUTHORIZED:
        remedy = "Give the user name and the password that the server wants."
        return RegistryLoginNeeded("The registry does not let us in.", where=where, remedy=remedy)
    if status == HTTPStatus.FORBIDDEN:
        remedy = "Ask the server's administrator for the permission."
        return RegistryError(f"The registry forbids it: {message}", where=where, remedy=remedy)
    if getattr(error, "error_code", None) == "ENDPOINT_NOT_FOUND":
        return RegistryError("There is no MLflow server at this address.", where=where, remedy=CHECK_ADDRESS)
    if status == HTTPStatus.NOT_FOUND and missing is not None:
        return VersionNotFound(missing, where=where)
    reason = broken_line(error) or _NOT_NOW.get(status or 0)
    if reason is not None:
        what = f"The registry does not answer: {reason}."
        return RegistryUnavailable(what, where=where, remedy=CHECK_ADDRESS)
    return RegistryError(f"The registry cannot do that: {message}", where=where)


def _status(error: Exception) -> int | None:
    """Return the failure's HTTP status, if it has one.

    It has one as an MlflowException, or as a failed request of the artifact store.
    """
    if hasattr(error, "get_http_status_code"):
        return int(error.get_http_status_code())
    response = getattr(error, "response", None)
    return getattr(response, "status_code", None)


def _is_about_room(error: BaseException) -> bool:
    """Tell whether the cause was a full disk of ours.

    MLflow may have wrapped the error several times.
    """
    full = (errno.ENOSPC, errno.EDQUOT)
    if any(isinstance(cause, OSError) and cause.errno in full for cause in causes(error)):
        return True
    return "No space left on device" in str(error)


def _message(error: Exception, uri: str) -> str:
    first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
    text = first_line.replace(uri.rstrip("/"), shown(uri).rstrip("/"))
    return text if len(text) <= _LONGEST_MESSAGE else text[:_LONGEST_MESSAGE] + "…"
