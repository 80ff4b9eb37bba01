"""`opinionlens keys`: a key is printed once, stored as a hash, and revoked for good."""

from contextlib import closing

import pytest
from typer.testing import CliRunner

from opinionlens.accounts.tokens import hash_token, is_key
from opinionlens.base.errors import InputError
from opinionlens.cli.keys import ScopeName
from opinionlens.cli.main import app
from opinionlens.storage import Database, RecordNotFound, api_keys
from opinionlens.storage.api_keys import Scope


@pytest.fixture(autouse=True)
def folder(bare_environment, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def database(tmp_path):
    with closing(Database(f"sqlite:///{tmp_path / 'opinionlens.db'}")) as database:
        yield database


def invoke(*words):
    return CliRunner().invoke(app, ["keys", *words], catch_exceptions=False)


def run(*words):
    result = invoke(*words)
    assert result.exit_code == 0, result.output
    return result


@pytest.mark.parametrize(
    ("options", "scopes"),
    [
        ((), {Scope.PREDICT}),
        (("--scope", "predict"), {Scope.PREDICT}),
        (("--scope", "admin"), {Scope.ADMIN}),
        (("--scope", "admin", "--scope", "predict"), {Scope.ADMIN, Scope.PREDICT}),
    ],
)
def test_a_key_is_printed_alone_and_its_hash_is_stored(database, options, scopes):
    key = run("create", "nightly report", *options).stdout.strip()
    assert is_key(key)
    found = api_keys.find_good(database, hash_token(key))
    assert (found.name, found.scopes, found.created_by) == ("nightly report", scopes, "command line")
    assert key.startswith(found.prefix)


def test_the_list_shows_prefixes_and_states_but_no_key(database):
    assert run("list").stdout == ""
    keys = [run("create", name).stdout.strip() for name in ("first", "[bold]second")]
    run("revoke", "1")
    head, *lines = run("list").stdout.splitlines()
    assert head.split()[:2] == ["id", "key"]
    assert "[bold]second" in lines[0]
    assert [line.rstrip().endswith("–") for line in lines] == [True, False]
    assert not any(key in "\n".join(lines) for key in keys)
    assert all(key[:9] in "\n".join(lines) for key in keys)


def test_a_revoked_key_is_good_no_more(database):
    key = run("create", "first").stdout.strip()
    assert "Key 1 (first) has been revoked." in run("revoke", "1").stderr
    assert api_keys.find_good(database, hash_token(key)) is None


def test_what_cannot_be_is_said(database):
    with pytest.raises(RecordNotFound, match="no key 7"):
        run("revoke", "7")
    for name in ("", "  ", "x" * 101):
        with pytest.raises(InputError, match="1 to 100"):
            run("create", name)
    assert invoke("create", "x", "--scope", "root").exit_code == 2
    assert api_keys.every_key(database) == []


def test_the_scopes_of_the_command_are_all_that_there_are():
    assert [scope.value for scope in ScopeName] == [scope.value for scope in Scope]
