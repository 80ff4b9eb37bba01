"""MLflow's failures translated into our errors.

Those of its HTTP library and its database, too. None of them is imported.
"""

from __future__ import annotations

import errno
from http import HTTPStatus
from socket import gaierror

from opinionlens.base.errors import (
    DiskUnwritable,
    OpinionLensError,
    RegistryError,
    RegistryUnavailable,
    VersionNotFound,
)
from opinionlens.base.urls import shown
from opinionlens.registry.port import RegistryLoginNeeded

_NOT_NOW = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
_LONGEST_MESSAGE = 300
_CHECK_ADDRESS = "Check that the MLflow server runs and MLFLOW__REMOTE_TRACKING_URI is its address."


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
        return RegistryError("There is no MLflow server at this address.", where=where, remedy=_CHECK_ADDRESS)
    if status == HTTPStatus.NOT_FOUND and missing is not None:
        return VersionNotFound(missing, where=where)
    if status in _NOT_NOW or _is_about_the_line(error):
        what = f"The registry does not answer: {message}"
        return RegistryUnavailable(what, where=where, remedy=_CHECK_ADDRESS)
    return RegistryError(f"The registry cannot do that: {message}", where=where)


def _status(error: Exception) -> int | None:
    """Return the failure's HTTP status, if it has one.

    It has one as an MlflowException, or as a failed request of the artifact store.
    """
    if hasattr(error, "get_http_status_code"):
        return int(error.get_http_status_code())
    response = getattr(error, "response", None)
    return getattr(response, "status_code", None)


def _is_about_the_line(error: BaseException) -> bool:
    """Tell whether the failure began in the network.

    False for an answer of the server and for a problem with a file of this machine.
    """
    seen: BaseException | None = error
    while seen is not None:
        library = type(seen).__module__.partition(".")[0]
        if isinstance(seen, ConnectionError | TimeoutError | gaierror) or library == "urllib3":
            return True
        if library == "requests" and getattr(seen, "response", None) is None:
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def _is_about_room(error: BaseException) -> bool:
    """Tell whether the cause was a full disk of ours.

    MLflow may have wrapped the error several times.
    """
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        seen = seen.__cause__ or seen.__context__
    return "No space left on device" in str(error)


def _message(error: Exception, uri: str) -> str:
    first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
    text = first_line.replace(uri, shown(uri))
    return text if len(text) <= _LONGEST_MESSAGE else text[:_LONGEST_MESSAGE] + "…"
