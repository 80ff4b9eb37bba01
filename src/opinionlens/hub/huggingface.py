"""A model repository on the Hugging Face hub.

The one module that imports its client to write. `HF_ENDPOINT` names another hub of the same kind.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

from opinionlens.base.extras import require
from opinionlens.hub.port import CARD_NAME, MODEL_FOLDER, HubError, Pushed, Upload

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

# Seconds for a connection, and for each silence; the client itself would wait without end.
_CONNECT_S, _SILENCE_S = 10.0, 120.0
_LONGEST = 300


class HuggingFaceHub:
    """A model repository on the Hugging Face hub."""

    def __init__(self, repository: str, token: str, *, endpoint: str | None = None) -> None:
        """Keep the address; nothing is asked yet.

        Args:
            repository: its name, as `team/model`.
            token: with the right to write to it.
            endpoint: the hub's address; by default Hugging Face's.

        Raises:
            ExtraMissing: the client is not installed.
        """
        require("huggingface-hub", needed_by="Pushing to the hub")
        self.repository = repository
        self._token = token
        self._endpoint = endpoint

    def push(self, upload: Upload) -> Pushed:
        """Commit a model and tag the commit. Raises HubError."""
        client = import_module("huggingface_hub")
        _with_time_limits(client)
        api: HfApi = client.HfApi(endpoint=self._endpoint, token=self._token, library_name="opinionlens")
        with self._translated():
            tags = {tag.name: tag.target_commit for tag in api.list_repo_refs(self.repository).tags}
            page = f"{api.endpoint}/{self.repository}/tree/{upload.tag}"
            if upload.tag in tags:
                return Pushed(tags[upload.tag], page, is_new=False)
            present = api.model_info(self.repository)
            names = [sibling.rfilename for sibling in present.siblings or ()]
            done = api.create_commit(
                self.repository,
                _operations(client, upload, names),
                commit_message=upload.message,
                parent_commit=present.sha,
            )
            api.create_tag(self.repository, tag=upload.tag, revision=done.oid, tag_message=upload.message)
        return Pushed(done.oid, page, is_new=True)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn the errors of the client into ours."""
        errors = import_module("huggingface_hub.errors")
        http = import_module("httpx2")
        try:
            yield
        except errors.RepositoryNotFoundError as error:
            raise HubError(
                "The hub has no such model repository, or the token may not see it.",
                where=self.repository,
                remedy="Make it on the hub's page (New model), and let HF_TOKEN write to it.",
            ) from error
        except errors.HfHubHTTPError as error:
            raise self._refused(error) from error
        except errors.OfflineModeIsEnabled as error:
            raise HubError("HF_HUB_OFFLINE is set.", remedy="Unset it to push.") from error
        except (http.HTTPError, OSError, RuntimeError, ValueError) as error:
            raise HubError(
                f"The hub does not take the model: {self._told(error)}",
                where=self.repository,
                remedy="Try again: what has arrived is not sent twice.",
            ) from error

    def _refused(self, error: Any) -> HubError:  # noqa: ANN401 - the client's class
        status = error.response.status_code
        if status == 401:
            what, remedy = "The hub does not know the token.", "Put a valid one into HF_TOKEN."
        elif status == 403:
            what = "The token may not write to the repository."
            remedy = "Give it the right to write, or use one that has it."
        elif status == 412:
            what, remedy = "Somebody else wrote to the repository in the meantime.", "Try again."
        else:
            what, remedy = f"The hub answered {status}: {self._told(error)}", "Try again later."
        return HubError(what, where=self.repository, remedy=remedy)

    def _told(self, error: BaseException) -> str:
        """Return the root of an error in one line."""
        while error.__cause__ is not None:
            error = error.__cause__
        lines = [line.strip() for line in str(error).replace(self._token, "…").splitlines() if line.strip()]
        return (lines[0] if lines else type(error).__name__)[:_LONGEST]


def _operations(
    client: Any,  # noqa: ANN401 - a module
    upload: Upload,
    present: list[str],
) -> list[CommitOperationAdd | CommitOperationDelete]:
    """Return the steps that make the repository hold the upload."""
    wanted = {f"{MODEL_FOLDER}/{name}": path for name, path in upload.files.items()}
    stale = [name for name in present if name.startswith(f"{MODEL_FOLDER}/") and name not in wanted]
    return [
        client.CommitOperationAdd(CARD_NAME, upload.card.encode()),
        *(client.CommitOperationAdd(name, str(path)) for name, path in sorted(wanted.items())),
        *(client.CommitOperationDelete(name) for name in sorted(stale)),
    ]


def _with_time_limits(client: Any) -> None:  # noqa: ANN401 - a module
    """Let no request of the client wait without end."""
    http = import_module("httpx2")
    if import_module("huggingface_hub.constants").HF_HUB_OFFLINE:
        raise HubError("HF_HUB_OFFLINE is set.", remedy="Unset it to push.")
    limits = http.Timeout(_SILENCE_S, connect=_CONNECT_S)
    client.set_client_factory(lambda: http.Client(follow_redirects=True, timeout=limits))
