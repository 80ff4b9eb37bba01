"""Errors of the steps, with their remedy."""


class StepError(Exception):
    """A step that failed; another try may go better."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(f"{message} {remedy}".rstrip())


class OptionError(StepError):
    """An option that no further try makes right."""
