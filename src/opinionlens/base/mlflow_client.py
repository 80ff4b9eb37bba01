"""Work with MLflow's client, for the registry and the tracking.

Each function takes the client or one of its methods. MLflow is not imported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

from opinionlens.base.moved_projects import is_lost

# MLflow's types are not followed: its client, one entity that it returns, and a page of them.
Client = Any
Row = Any
Rows = Any

# A server whose pages never end must not fill the memory.
_MOST_PAGES = 1_000
# MLflow takes at most a hundred parameters or tags in one request.
PAIRS_PER_BATCH = 100


def quiet_environment() -> dict[str, str]:
    """Return variables that silence MLflow's telemetry and output."""
    return {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        "MLFLOW_LOGGING_LEVEL": "WARNING",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    }


def all_pages(search: Callable[..., Rows], *arguments: object, **options: object) -> list[Row]:
    """Return the results of a search, all pages together.

    Raises:
        ValueError: there are more pages than any server of ours would have.
    """
    rows: list[Row] = []
    token = None
    for _ in range(_MOST_PAGES):
        page = search(*arguments, **options, page_token=token)
        rows.extend(page)
        token = page.token
        if not token:
            return rows
    raise ValueError(f"the list has more than {_MOST_PAGES:,} pages")


def usable_experiment(client: Client, name: str, uri: str, create: Callable[[str], object]) -> str:
    """Return the id of the experiment or its stand-in.

    After the project has moved, `name (2)` stands in for `name`, then `name (3)` and so on.

    Args:
        client: MLflow's.
        name: of the experiment.
        uri: the address of the client's store.
        create: makes an experiment of a name, and returns its id.
    """
    for wanted in _names_after_moves(name):
        known = client.get_experiment_by_name(wanted)
        if known is None:
            return str(create(wanted))
        if not is_lost(known.artifact_location, uri):
            return str(known.experiment_id)
    raise AssertionError("unreachable")


def broken_line(error: BaseException) -> str | None:
    """Return why a server was not reached, in plain words.

    None for an answer of the server and for a problem with a file of this machine.
    """
    chain = list(causes(error))
    if not any(map(_is_of_the_line, chain)):
        return None
    for cause in reversed(chain):
        if (
            isinstance(cause, OSError) and cause.strerror
        ):  # the system's words, for example Connection refused
            return cause.strerror
        if "Timeout" in type(cause).__name__:
            return "it took too long"
        if type(cause).__name__ == "ResponseError":  # of urllib3, for example: too many 503 error responses
            return str(cause)
    return "the connection broke off"


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and its causes, the first cause last."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def _is_of_the_line(error: BaseException) -> bool:
    library = type(error).__module__.partition(".")[0]
    if isinstance(error, ConnectionError | TimeoutError) or library in ("socket", "urllib3"):
        return True
    return library == "requests" and getattr(error, "response", None) is None


def _names_after_moves(name: str) -> Iterator[str]:
    yield name
    for number in count(2):
        yield f"{name} ({number})"
