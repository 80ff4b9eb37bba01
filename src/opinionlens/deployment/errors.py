"""Errors of deployment, and their words."""

from __future__ import annotations

from opinionlens.base.errors import ArtifactError, OpinionLensError, VersionNotServable


class ModelNotLoaded(OpinionLensError):
    """The version is not in the cache.

    So it can be neither tried nor activated.
    """

    status = 404


class ModelIsActive(OpinionLensError):
    """The version is active and cannot be removed."""

    status = 409


class ModelIsFromFolder(OpinionLensError):
    """The settings name a folder; no version is activated."""

    status = 409


class FollowingIsOff(OpinionLensError):
    """The settings say that the champion is not followed."""

    status = 409


class FetchNotFound(OpinionLensError):
    """There is no such fetch, or no longer."""

    status = 404


class FetchFailed(OpinionLensError):
    """A fetch failed for a reason without a class."""

    status = 502


def in_words(error: BaseException) -> str:
    """Return an error's words without addresses and paths.

    Those are for the log only.
    """
    if isinstance(error, OpinionLensError):
        return " ".join(part for part in (error.what, error.remedy) if part)
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}."
    return f"Something went wrong here ({type(error).__name__})."


def error_named(name: str | None, words: str) -> OpinionLensError:
    """Return an error of the named class.

    Another process noted the name.
    """
    kind = next((known for known in _all_kinds(OpinionLensError) if known.__name__ == name), FetchFailed)
    return kind(words)


def _all_kinds(kind: type[OpinionLensError]) -> list[type[OpinionLensError]]:
    return [kind, *(each for below in kind.__subclasses__() for each in _all_kinds(below))]


def is_refusal(error: BaseException) -> bool:
    """Tell whether the version itself is at fault.

    Other trouble may pass; such a version can never serve.
    """
    return isinstance(error, ArtifactError | VersionNotServable)
