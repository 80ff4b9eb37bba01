"""What can go wrong with the versions of this app, and how it is said."""

from __future__ import annotations

from opinionlens.base.errors import ArtefactError, OpinionLensError, VersionNotServable


class ModelNotLoaded(OpinionLensError):
    """The version is not in the cache, so that it can be neither tried nor activated."""

    status = 404


class ModelIsActive(OpinionLensError):
    """The version answers, here or in another process, and cannot be removed."""

    status = 409


class FollowingIsOff(OpinionLensError):
    """The settings say that the champion is not followed."""

    status = 409


class FetchNotFound(OpinionLensError):
    """There is no such fetch, or no longer."""

    status = 404


class FetchFailed(OpinionLensError):
    """A fetch ended without success, for a reason that has no class of its own."""

    status = 502


def in_words(error: BaseException) -> str:
    """Return what happened without addresses and paths, which are for the log only."""
    if isinstance(error, OpinionLensError):
        return " ".join(part for part in (error.what, error.remedy) if part)
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}."
    return f"Something went wrong here ({type(error).__name__})."


def error_named(name: str | None, words: str) -> OpinionLensError:
    """Return an error of ours by the name of its class, as another process noted it."""
    kind = next((known for known in _all_kinds(OpinionLensError) if known.__name__ == name), FetchFailed)
    return kind(words)


def _all_kinds(kind: type[OpinionLensError]) -> list[type[OpinionLensError]]:
    return [kind, *(each for below in kind.__subclasses__() for each in _all_kinds(below))]


def is_refusal(error: BaseException) -> bool:
    """Tell a version that may not serve, now or later, from trouble that may pass."""
    return isinstance(error, ArtefactError | VersionNotServable)
