"""The hub's double: commits and tags in memory.

It keeps every rule of the port, and ships.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from opinionlens.hub.port import CARD_NAME, MODEL_FOLDER, HubError, Pushed, Upload


class MemoryHub:
    """A repository that lives as long as the object.

    Attributes:
        reachable: False makes every push fail, as with a hub that is down.
        commits: the messages, by commit, oldest first.
        tags: the commits, by tag.
    """

    def __init__(self, address: str = "memory://hub/team/model") -> None:
        """Start without a commit."""
        self.reachable = True
        self.commits: dict[str, str] = {}
        self.tags: dict[str, str] = {}
        self._address = address
        self._files: dict[str, dict[str, bytes]] = {}

    def push(self, upload: Upload) -> Pushed:
        """Commit a model and tag the commit. Raises HubError."""
        if not self.reachable:
            raise HubError("The hub does not answer.", where=self._address, remedy="Try again later.")
        if (known := self.tags.get(upload.tag)) is not None:
            return Pushed(known, self._page(upload.tag), is_new=False)
        kept = {name: data for name, data in self._head().items() if not name.startswith(f"{MODEL_FOLDER}/")}
        files = kept | {
            CARD_NAME: upload.card.encode(),
            **{f"{MODEL_FOLDER}/{name}": path.read_bytes() for name, path in upload.files.items()},
        }
        commit = _commit_of(files, upload.message, len(self.commits))
        self.commits[commit] = upload.message
        self._files[commit] = files
        self.tags[upload.tag] = commit
        return Pushed(commit, self._page(upload.tag), is_new=True)

    def files(self, revision: str) -> Mapping[str, bytes]:
        """Return the files of a commit or tag, by path."""
        return self._files[self.tags.get(revision, revision)]

    def write(self, path: str, content: bytes) -> None:
        """Commit a file, as another program would."""
        files = self._head() | {path: content}
        commit = _commit_of(files, path, len(self.commits))
        self.commits[commit] = f"Write {path}"
        self._files[commit] = files

    def _head(self) -> dict[str, bytes]:
        return dict(self._files[next(reversed(self.commits))]) if self.commits else {}

    def _page(self, tag: str) -> str:
        return f"{self._address}/tree/{tag}"


def _commit_of(files: Mapping[str, bytes], message: str, number: int) -> str:
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    return hashlib.sha1(
        json.dumps([number, message, digests], sort_keys=True).encode(), usedforsecurity=False
    ).hexdigest()
