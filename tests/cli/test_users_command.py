"""`opinionlens users`: on the database itself, with passwords asked, piped in, or made up."""

import sys
from contextlib import closing
from datetime import timedelta

import pytest
import typer
from typer.testing import CliRunner

from opinionlens.accounts.passwords import PasswordWeak, argon2
from opinionlens.base.errors import InputError, SettingsInvalid
from opinionlens.cli.main import app
from opinionlens.cli.users_command import RoleName, add_user
from opinionlens.storage import Database, NameTaken, RecordNotFound, StorageUnavailable, sessions, users
from opinionlens.storage.columns import utc_now
from opinionlens.storage.users import Role

PASSWORD = "a fine day for a walk"


@pytest.fixture(autouse=True)
def folder(bare_environment, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def database(tmp_path):
    with closing(Database(f"sqlite:///{tmp_path / 'opinionlens.db'}")) as database:
        yield database


def run(*words, typed=None):
    result = CliRunner().invoke(app, ["users", *words], input=typed, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


def is_right(database, name, password):
    return argon2().verify_and_update(password, users.find(database, name).password_hash)[0]


def test_on_an_empty_folder_the_tables_are_made_and_nobody_is_there():
    result = run("list")
    assert result.stdout == ""
    assert "There is no user yet" in result.stderr


def test_a_made_up_password_is_printed_alone_and_works(database):
    result = run("add", "Ann", "--generate")
    password = result.stdout.strip()
    assert len(password) == 23
    assert password not in result.stderr
    assert is_right(database, "ann", password)


def test_a_password_may_be_piped_in_and_is_not_printed(database):
    result = run("add", "ann", "--password-stdin", typed=f"{PASSWORD}\nmore\n")
    assert PASSWORD not in result.output
    assert is_right(database, "ann", PASSWORD)


def test_a_person_is_asked_twice_and_nothing_is_shown(database, monkeypatch):
    asked = []

    def prompt(question, **options):
        asked.append((question, options))
        return PASSWORD

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(typer, "prompt", prompt)
    add_user("ann")
    ((_, options),) = asked
    assert options["hide_input"]
    assert options["confirmation_prompt"]
    assert options["err"], "standard output belongs to the result"
    assert is_right(database, "ann", PASSWORD)


def test_a_new_password_ends_the_sessions(database):
    run("add", "ann", "--password-stdin", typed=PASSWORD)
    user = users.find(database, "ann")
    sessions.add(
        database,
        token_hash="a" * 64,
        user_id=user.id,
        csrf_token="x",
        expires_at=utc_now() + timedelta(hours=1),
    )
    password = run("reset-password", "ANN", "--generate").stdout.strip()
    assert is_right(database, "ann", password)
    assert sessions.find(database, "a" * 64) is None


def test_the_list_shows_names_and_no_hash(database):
    run("add", "zoe", "--generate")
    run("add", "ann", "--generate")
    listed = run("list").stdout
    assert listed.index("ann") < listed.index("zoe")
    assert "argon2" not in listed


def test_a_user_is_a_viewer_unless_a_role_is_given(database):
    assert "as viewer" in run("add", "ann", "--generate").stderr
    run("add", "bob", "--generate", "--role", "analyst")
    run("add", "cid", "--generate", "--role", "admin")
    roles = {user.name: user.role.value for user in users.everybody(database)}
    assert roles == {"ann": "viewer", "bob": "analyst", "cid": "admin"}
    assert "analyst" in run("list").stdout


def test_a_role_can_be_changed_and_one_is_told_when_no_admin_is_left(database):
    run("add", "ann", "--generate", "--role", "admin")
    run("add", "bob", "--generate", "--role", "admin")
    assert "No admin" not in run("set-role", "BOB", "analyst").stderr
    assert "No admin is left" in run("set-role", "ann", "viewer").stderr
    assert [user.role.value for user in users.everybody(database)] == ["viewer", "analyst"]


def test_removing_the_last_admin_is_told(database):
    run("add", "ann", "--generate", "--role", "admin")
    run("add", "bob", "--generate")
    assert "No admin is left" in run("remove", "ann").stderr


def test_the_roles_of_the_command_are_all_that_there_are():
    assert [role.value for role in RoleName] == [role.value for role in Role]


def test_the_last_one_may_go_and_one_is_told(database):
    run("add", "ann", "--generate")
    run("add", "bob", "--generate")
    assert "No user is left" not in run("remove", "ann").stderr
    assert "No user is left" in run("remove", "bob").stderr
    assert users.everybody(database) == []


@pytest.mark.parametrize(
    ("words", "typed", "error", "message"),
    [
        (("add", "ann", "--generate"), None, NameTaken, "reset-password"),
        (("reset-password", "bob", "--generate"), None, RecordNotFound, "no user bob"),
        (("set-role", "bob", "admin"), None, RecordNotFound, "no user bob"),
        (("remove", "bob"), None, RecordNotFound, "no user bob"),
        (("add", "bob"), None, InputError, "--password-stdin"),
        (("add", "bob", "--generate", "--password-stdin"), PASSWORD, InputError, "Either"),
        (("add", "bob", "--password-stdin"), "", PasswordWeak, "at least 12"),
        (("add", "bob", "--password-stdin"), "password1234", PasswordWeak, "everybody tries"),
        (("add", "bobbobbobbob", "--password-stdin"), "bobbobbobbob1", PasswordWeak, "The password"),
        (("add", "two words", "--generate"), None, InputError, "no spaces"),
        (("add", "", "--generate"), None, InputError, "1 to 200"),
    ],
)
def test_what_cannot_be_is_said(database, words, typed, error, message):
    run("add", "ann", "--password-stdin", typed=PASSWORD)
    with pytest.raises(error, match=message):
        run(*words, typed=typed)
    assert [user.name for user in users.everybody(database)] == ["ann"]
    assert is_right(database, "ann", PASSWORD)


def test_a_database_that_is_away_is_named_without_its_password(monkeypatch):
    monkeypatch.setenv("DATABASE__URL", "postgresql://ann:hunter2@127.0.0.1:9/records?connect_timeout=1")
    with pytest.raises(StorageUnavailable) as refusal:
        run("list")
    assert "127.0.0.1:9/records" in str(refusal.value)
    assert "hunter2" not in str(refusal.value)


def test_a_url_that_is_none_is_said(monkeypatch):
    monkeypatch.setenv("DATABASE__URL", "mysql://ann@db/x")
    with pytest.raises(SettingsInvalid, match="DATABASE__URL"):
        run("list")
