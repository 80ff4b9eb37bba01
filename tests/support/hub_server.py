"""A stand-in for the Hugging Face hub: model repositories with commits, tags and large files, on loopback.

It speaks what `huggingface_hub` asks for without Xet (HF_HUB_DISABLE_XET=1): repository and refs, preupload,
LFS batches, commits as JSON lines, tags, and downloads. It checks tokens, rights, parents and digests as the
hub does.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml

WRITE, READ = "hf_may_write", "hf_may_only_read"
SMALL = 10_000


@dataclass
class Commit:
    message: str
    files: dict[str, bytes]


@dataclass
class Repository:
    commits: dict[str, Commit] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def head(self) -> str:
        return next(reversed(self.commits))

    def resolve(self, revision: str) -> str | None:
        if revision == "main":
            return self.head
        return self.tags.get(revision) or (revision if revision in self.commits else None)

    def files(self, revision: str) -> dict[str, bytes]:
        return self.commits[self.resolve(revision) or ""].files

    def commit(self, message: str, files: dict[str, bytes]) -> str:
        content = {path: hashlib.sha1(data).hexdigest() for path, data in files.items()}  # noqa: S324
        told = json.dumps([len(self.commits), message, content], sort_keys=True)
        oid = hashlib.sha1(told.encode()).hexdigest()  # noqa: S324
        self.commits[oid] = Commit(message, files)
        return oid


class HubServer:
    """A hub with repositories by name; `make` adds one, as its page would."""

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.stored: dict[str, bytes] = {}  # large files by SHA-256
        self.asked: list[str] = []
        self.refuse_tags = False
        self.lock = Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (HubHandler,), {"hub": self}))
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def make(self, name: str) -> Repository:
        repository = Repository()
        repository.commit("initial commit", {".gitattributes": b"*.npz filter=lfs\n"})
        self.repositories[name] = repository
        return repository

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def git_oid(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()  # noqa: S324


def oid_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest() if is_large(data) else git_oid(data)


def is_large(data: bytes) -> bool:
    return len(data) > SMALL or b"\0" in data[:512]


class Refused(Exception):
    def __init__(self, status: int, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.status, self.code = status, code


class HubHandler(BaseHTTPRequestHandler):
    """Answers of one self.hub."""

    protocol_version = "HTTP/1.1"
    hub: HubServer

    def log_message(self, *words: object) -> None:
        pass

    def body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def answer(self, value: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        for name, text in (headers or {}).items():
            self.send_header(name, text)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def handle_one(self) -> None:
        path = unquote(urlsplit(self.path).path)
        sent = self.body()
        with self.hub.lock:
            self.hub.asked.append(f"{self.command} {path}")
            try:
                self.route(path, sent)
            except Refused as error:
                headers = {"X-Error-Message": str(error)}
                if error.code:
                    headers["X-Error-Code"] = error.code
                self.answer({"error": str(error)}, error.status, headers)

    do_GET = do_POST = do_PUT = do_HEAD = handle_one  # noqa: N815

    def right(self, needed: str) -> None:
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        if token not in (WRITE, READ):
            raise Refused(401, "Invalid credentials in Authorization header")
        if needed == WRITE and token != WRITE:
            raise Refused(403, "You don't have the rights to write")

    def route(self, path: str, sent: bytes) -> None:
        parts = path.strip("/").split("/")
        if path == "/api/validate-yaml":
            validate_card(json.loads(sent)["content"])
            self.answer({"errors": [], "warnings": []})
        elif parts[0] == "lfs":
            self.large(parts[1], sent)
        elif parts[:2] == ["api", "models"]:
            self.right(READ)
            self.repository(repository_of(self.hub, parts[2], parts[3]), parts[2:4], parts[4:], sent)
        elif path.endswith(".git/info/lfs/objects/batch"):
            self.right(WRITE)
            self.answer({"objects": [batch_entry(self.hub, one) for one in json.loads(sent)["objects"]]})
        elif len(parts) > 4 and parts[2] == "resolve":
            self.download(repository_of(self.hub, parts[0], parts[1]), parts[3], "/".join(parts[4:]))
        else:
            raise Refused(404, f"not spoken here: {self.command} {path}")

    def large(self, oid: str, sent: bytes) -> None:
        """Take a large file, or say whether it has arrived.

        The address is the permission, as on the hub.
        """
        if self.command == "PUT":
            if hashlib.sha256(sent).hexdigest() != oid:
                raise Refused(400, "the content has another digest")
            self.hub.stored[oid] = sent
        elif oid not in self.hub.stored:
            raise Refused(404, "it has not arrived")
        self.answer({})

    def repository(self, repository: Repository, names: list[str], asked: list[str], sent: bytes) -> None:
        kind, name = (asked or [""])[0], "/".join(names)
        if kind in ("", "revision"):
            self.answer(info_of(repository, name, asked[1] if kind else "main"))
        elif kind == "refs":
            tags = [
                {"name": tag, "ref": f"refs/tags/{tag}", "targetCommit": commit}
                for tag, commit in repository.tags.items()
            ]
            head = {"name": "main", "ref": "refs/heads/main", "targetCommit": repository.head}
            self.answer({"branches": [head], "converts": [], "tags": tags})
        elif kind == "tree":
            self.answer(tree_of(repository, asked[1]))
        elif kind == "preupload":
            self.right(WRITE)
            files = repository.files(asked[1])
            self.answer({"files": [preupload_entry(files, one) for one in json.loads(sent)["files"]]})
        elif kind == "commit":
            self.right(WRITE)
            oid = take_commit(self.hub, repository, [json.loads(line) for line in sent.splitlines()])
            self.answer({"commitUrl": f"{self.hub.address}/{name}/commit/{oid}", "commitOid": oid})
        elif kind == "tag":
            self.right(WRITE)
            self.tag(repository, asked[1], json.loads(sent)["tag"])
        else:
            raise Refused(404, f"not spoken here: {kind}")

    def tag(self, repository: Repository, revision: str, tag: str) -> None:
        if self.hub.refuse_tags:
            raise Refused(500, "out of order")
        if tag in repository.tags:
            raise Refused(409, "Tag reference exists already")
        commit = repository.resolve(revision)
        if commit is None:
            raise Refused(404, "no such revision", "RevisionNotFound")
        repository.tags[tag] = commit
        self.answer({})

    def download(self, repository: Repository, revision: str, path: str) -> None:
        commit = repository.resolve(revision)
        if commit is None:
            raise Refused(404, "no such revision", "RevisionNotFound")
        data = repository.files(commit).get(path)
        if data is None:
            raise Refused(404, "no such file", "EntryNotFound")
        headers = {"X-Repo-Commit": commit, "ETag": f'"{oid_of(data)}"', "Accept-Ranges": "none"}
        self.answer(data, headers=headers)


def repository_of(hub: HubServer, owner: str, name: str) -> Repository:
    found = hub.repositories.get(f"{owner}/{name}")
    if found is None:
        raise Refused(404, "Repository not found", "RepoNotFound")
    return found


def info_of(repository: Repository, name: str, revision: str) -> dict[str, Any]:
    commit = repository.resolve(revision)
    if commit is None:
        raise Refused(404, "no such revision", "RevisionNotFound")
    siblings = [{"rfilename": path} for path in repository.files(commit)]
    return {"id": name, "modelId": name, "sha": commit, "private": True, "siblings": siblings, "tags": []}


def tree_of(repository: Repository, revision: str) -> list[dict[str, Any]]:
    return [
        {"type": "file", "path": path, "size": len(data), "oid": git_oid(data)}
        for path, data in repository.files(revision).items()
    ]


def preupload_entry(files: dict[str, bytes], asked: dict[str, Any]) -> dict[str, Any]:
    binary = b"\0" in base64.b64decode(asked["sample"])
    mode = "lfs" if binary or asked["size"] > SMALL else "regular"
    known = files.get(asked["path"])
    return {
        "path": asked["path"],
        "uploadMode": mode,
        "shouldIgnore": False,
        "oid": None if known is None else oid_of(known),
    }


def batch_entry(hub: HubServer, asked: dict[str, Any]) -> dict[str, Any]:
    entry = {"oid": asked["oid"], "size": asked["size"]}
    if asked["oid"] in hub.stored:
        return entry
    href = f"{hub.address}/lfs/{asked['oid']}"
    return entry | {"actions": {"upload": {"href": href}, "verify": {"href": href}}}


def take_commit(hub: HubServer, repository: Repository, lines: list[dict[str, Any]]) -> str:
    header, *steps = lines
    parent = header["value"].get("parentCommit")
    if parent is not None and parent != repository.head:
        raise Refused(412, "A commit has happened since")
    files = dict(repository.files("main"))
    for step in steps:
        value = step["value"]
        if step["key"] == "file":
            files[value["path"]] = base64.b64decode(value["content"])
        elif step["key"] == "lfsFile":
            if value["oid"] not in hub.stored:
                raise Refused(400, "the large file has not arrived")
            files[value["path"]] = hub.stored[value["oid"]]
        elif step["key"] == "deletedFile":
            if files.pop(value["path"], None) is None:
                raise Refused(404, "A file with this name doesn't exist", "EntryNotFound")
        else:
            raise Refused(400, f"not spoken here: {step['key']}")
    return repository.commit(header["value"]["summary"], files)


def validate_card(text: str) -> None:
    """Refuse a card whose front matter is no YAML or lacks its licence."""
    parts = text.split("---\n")
    found = yaml.safe_load(parts[1]) if text.startswith("---\n") and len(parts) > 2 else None
    if not isinstance(found, dict) or not isinstance(found.get("license"), str):
        raise Refused(400, "no metadata")
