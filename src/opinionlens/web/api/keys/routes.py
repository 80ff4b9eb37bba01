"""Routes of `/api/v1/keys`: API keys and their scopes.

A key is shown once, when it is made.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, FailFast, Field
from starlette.requests import Request

from opinionlens.accounts.tokens import hash_token, new_key, shown_prefix
from opinionlens.storage import api_keys
from opinionlens.storage.api_keys import ApiKey, Scope
from opinionlens.web.http.guards import GUARDED, Admin, admin_only
from opinionlens.web.http.order_routes import OrderRoute
from opinionlens.web.http.schemas import AnswerModel, Problem
from opinionlens.web.services.state import services_of

_AWAY: dict[int | str, dict[str, Any]] = {
    503: {"model": Problem, "description": "The database does not answer."}
}

router = APIRouter(
    prefix="/api/v1/keys",
    tags=["keys"],
    dependencies=[Depends(admin_only)],
    responses={**GUARDED, **_AWAY},
    route_class=OrderRoute,
)


_KEY: dict[str, Any] = {
    "id": 1,
    "prefix": "ol_3fK9aQ",
    "name": "nightly report",
    "scopes": ["predict"],
    "created_at": "2026-11-22T21:00:00Z",
    "created_by": "admin",
    "last_used_at": None,
    "revoked_at": None,
}


def _stripped(name: str) -> str:
    # It stands in the history and in logs as who did something.
    if any(ord(character) < 32 or character == "\x7f" for character in name):
        raise ValueError("must not contain control characters")
    if not (stripped := name.strip()):
        raise ValueError("must not be blank")
    return stripped


class NewKey(BaseModel):
    """A key to be made."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[
        str,
        Field(
            min_length=1,
            max_length=100,
            description="What it is for.",
            examples=["nightly report"],
            json_schema_extra={"pattern": r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$"},
        ),
        AfterValidator(_stripped),
    ]
    # One fault is enough: naming each of a million takes half a minute.
    scopes: Annotated[frozenset[Scope], Field(min_length=1), FailFast()] = Field(
        default=frozenset({Scope.PREDICT}),
        description="`predict` for predictions, `admin` for models and keys.",
        examples=[["predict"]],
        json_schema_extra={"uniqueItems": False},
    )


class KeyAnswer(AnswerModel):
    """A key without the key."""

    model_config = ConfigDict(json_schema_extra={"examples": [_KEY]})

    id: int
    prefix: str = Field(description="Its first characters.", examples=["ol_3fK9aQ"])
    name: str
    scopes: list[Scope]
    created_at: datetime
    created_by: str
    last_used_at: datetime | None = Field(description="To the minute.")
    revoked_at: datetime | None = Field(description="From when on it is refused; null while it is good.")


class KeyMade(KeyAnswer):
    """A new key.

    The key itself is not stored and cannot be shown again.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [_KEY | {"key": "ol_3fK9aQ…"}]})

    key: str


@router.get("/", summary="List the API keys")
async def list_keys(request: Request, answer: Response) -> list[KeyAnswer]:
    """Return all keys, revoked ones too, the last made first."""
    answer.headers["Cache-Control"] = "no-store"
    return [KeyAnswer(**_fields(key)) for key in await services_of(request).records.read(api_keys.every_key)]


@router.post("/", status_code=201, summary="Make an API key")
async def make_key(request: Request, answer: Response, admin: Admin, new: NewKey) -> KeyMade:
    """Return a new key, this once."""
    answer.headers["Cache-Control"] = "no-store"
    key = new_key()
    stored = await services_of(request).records.write(
        api_keys.add,
        key_hash=hash_token(key),
        prefix=shown_prefix(key),
        name=new.name,
        scopes=new.scopes,
        by=admin.name,
    )
    return KeyMade(**_fields(stored), key=key)


@router.delete(
    "/{key_id}",
    summary="Revoke an API key",
    responses={404: {"model": Problem, "description": "There is no such key."}},
)
async def revoke_key(request: Request, answer: Response, key_id: int) -> KeyAnswer:
    """Revoke a key for good.

    It ends here at once, in other workers within seconds.
    """
    answer.headers["Cache-Control"] = "no-store"
    services = services_of(request)
    key = await services.records.write(api_keys.revoke, key_id)
    services.security.keys.forget()
    return KeyAnswer(**_fields(key))


def _fields(key: ApiKey) -> dict[str, Any]:
    return asdict(key) | {"scopes": sorted(key.scopes)}
