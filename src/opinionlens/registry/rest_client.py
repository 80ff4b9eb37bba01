"""MLflow's client over REST, as far as reading needs it.

The names and results of its calls are MLflow's, as far as `queries` uses them. Every answer is checked.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, Field, ValidationError

from opinionlens.base.artifact_limits import MAX_ARTIFACT_BYTES, MAX_MANIFEST_BYTES, is_plain_name
from opinionlens.registry.artifact_files import MANIFEST, check_sizes
from opinionlens.registry.location import proxied_path
from opinionlens.registry.rest_line import NeedsMlflow, RestLine

_API = "/api/2.0/mlflow"
_ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
_PAGE = "100"
_LATEST_TIME = 253_402_300_799_000  # the end of the year 9999
_LARGEST_NUMBER = 2**31 - 1
Answer = TypeVar("Answer", bound=BaseModel)


class _Tag(BaseModel):
    key: str
    value: str = ""


class _VersionAnswer(BaseModel):
    name: str
    version: int = Field(ge=0, le=_LARGEST_NUMBER)
    creation_timestamp: int = Field(0, ge=0, le=_LATEST_TIME)
    source: str = ""
    run_id: str = ""
    status: str = "READY"
    pairs: list[_Tag] = Field([], alias="tags")

    @property
    def tags(self) -> dict[str, str]:
        """The tags by key."""
        return {pair.key: pair.value for pair in self.pairs}


class _Alias(BaseModel):
    alias: str
    version: int = Field(ge=0, le=_LARGEST_NUMBER)


class _ModelAnswer(BaseModel):
    name: str
    pairs: list[_Alias] = Field([], alias="aliases")

    @property
    def aliases(self) -> dict[str, int]:
        """The numbers of versions by alias."""
        return {pair.alias: pair.version for pair in self.pairs}


class _OneVersion(BaseModel):
    model_version: _VersionAnswer


class _OneModel(BaseModel):
    registered_model: _ModelAnswer


class _Versions(BaseModel):
    model_versions: list[_VersionAnswer] = []
    next_page_token: str = ""


class _Models(BaseModel):
    registered_models: list[_ModelAnswer] = []
    next_page_token: str = ""


class _Place(BaseModel):
    artifact_uri: str


class _File(BaseModel):
    path: str
    file_size: int | None = Field(None, ge=0)


class _Files(BaseModel):
    files: list[_File] = []


class RestPage(list[Any]):
    """The results on a page; the token of the next."""

    def __init__(self, rows: list[Any], token: str) -> None:
        """Keep both."""
        super().__init__(rows)
        self.token = token


class RestClient:
    """MLflow's client, as far as reading needs it."""

    def __init__(self, line: RestLine) -> None:
        """Ask nothing yet."""
        self._line = line

    def search_registered_models(self, *, page_token: str | None) -> RestPage:
        """Return a page of the models."""
        answer = self._asked("registered-models/search", _Models, page_token=page_token, max_results=_PAGE)
        return RestPage(answer.registered_models, answer.next_page_token)

    def search_model_versions(self, *, filter_string: str | None, page_token: str | None) -> RestPage:
        """Return a page of the versions that a filter takes."""
        answer = self._asked(
            "model-versions/search",
            _Versions,
            filter=filter_string,
            page_token=page_token,
            max_results=_PAGE,
        )
        return RestPage(answer.model_versions, answer.next_page_token)

    def get_registered_model(self, name: str) -> _ModelAnswer:
        """Return a model with its aliases."""
        model = self._asked("registered-models/get", _OneModel, name=name).registered_model
        if model.name != name:
            raise ValueError("The answer is about another model.")
        return model

    def get_model_version(self, name: str, version: str) -> _VersionAnswer:
        """Return one version."""
        found = self._asked("model-versions/get", _OneVersion, name=name, version=version).model_version
        if (found.name, str(found.version)) != (name, version):
            raise ValueError("The answer is about another version.")
        return found

    def get_model_version_download_uri(self, name: str, version: int) -> str:
        """Return where the files of a version are."""
        answer = self._asked("model-versions/get-download-uri", _Place, name=name, version=str(version))
        return answer.artifact_uri

    def _asked(self, call: str, form: type[Answer], **parameters: str | None) -> Answer:
        given = {name: value for name, value in parameters.items() if value}
        return _checked(self._line.json(f"{_API}/{call}", given), form)


class ProxiedFiles:
    """The files to which the server itself gives access.

    Its methods are the two functions that StoredFiles takes.
    """

    def __init__(self, line: RestLine) -> None:
        """Ask nothing yet."""
        self._line = line

    def entries(self, address: str) -> list[_File]:
        """List the files below an address."""
        answer = self._line.json(_ARTIFACTS, {"path": _path_in_store(address)})
        return _checked(answer, _Files).files

    def download(self, address: str, into: Path) -> None:
        """Put the file at an address into a folder.

        Raises:
            ArtifactUnsupported: it is too large for one of ours.
        """
        path = _path_in_store(address)
        name = path.rpartition("/")[2]
        if not is_plain_name(name):
            raise ValueError("A file of a classifier has another name.")
        most = MAX_MANIFEST_BYTES if name == MANIFEST else MAX_ARTIFACT_BYTES
        size = self._line.fetch(f"{_ARTIFACTS}/{quote(path)}", into / name, most=most)
        check_sizes({name: size}, where=address)


def _path_in_store(address: str) -> str:
    path = proxied_path(address)
    if path is None:
        raise NeedsMlflow("The server gives no access to these files.")
    return path


def _checked(answer: dict[str, Any], form: type[Answer]) -> Answer:
    try:
        return form.model_validate(answer)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ValueError(f"The answer has not the form of MLflow's: {place}: {first['msg']}.") from error
