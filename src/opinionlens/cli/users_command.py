"""`opinionlens users`: users, with passwords and roles.

A password is asked for hidden, read from a pipe, or made up.
"""

from __future__ import annotations

import re
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from opinionlens.storage import Database

users = typer.Typer(help="Users of the admin pages.", no_args_is_help=True)


class RoleName(StrEnum):
    """The roles of users, for the command line.

    The words are those of `storage.users.Role`, which `--help` need not load.
    """

    VIEWER = "viewer"
    ANALYST = "analyst"
    ADMIN = "admin"


NameArgument = Annotated[str, typer.Argument(help="The user's name; capitals do not matter.")]
GenerateOption = Annotated[bool, typer.Option("--generate", help="Make a password up and print it.")]
StdinOption = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input: its first line.")
]

RoleOption = Annotated[RoleName, typer.Option("--role", help="What the user may do.")]

_NAME = re.compile(r"\S{1,200}")


@users.command("list")
def list_users() -> None:
    """List the users."""
    from opinionlens.cli.app_database import open_database
    from opinionlens.cli.printed_tables import moment, show_table
    from opinionlens.storage.users import everybody

    with open_database() as database:
        rows = [
            (user.name, user.role, moment(user.created_at), moment(user.password_changed_at))
            for user in everybody(database)
        ]
    if not rows:
        typer.echo("There is no user yet; the app makes the first user when it starts.", err=True)
        return
    show_table(("name", "role", "since", "password of"), rows)


@users.command("add")
def add_user(
    name: NameArgument,
    role: RoleOption = RoleName.VIEWER,
    generate: GenerateOption = False,
    password_stdin: StdinOption = False,
) -> None:
    """Add a user.

    The password is asked for, unless an option says otherwise.
    """
    from opinionlens.accounts.passwords import argon2, hash_password
    from opinionlens.cli.app_database import open_database
    from opinionlens.storage import NameTaken
    from opinionlens.storage.users import Role, add, find

    _check_name(name)
    with open_database() as database:
        if find(database, name) is not None:  # before a password is typed for nothing
            raise NameTaken(
                f"There is a user {name} already.", remedy="`reset-password` gives them a new one."
            )
        password = _password_for(name, generate=generate, from_stdin=password_stdin)
        user = add(database, name, hash_password(argon2(), password), role=Role(role))
    _tell(f"User {user.name} has been added as {user.role}.", password if generate else None)


@users.command("reset-password")
def reset_password(
    name: NameArgument, generate: GenerateOption = False, password_stdin: StdinOption = False
) -> None:
    """Give a user a new password, and end their sessions."""
    from opinionlens.accounts.passwords import argon2, hash_password
    from opinionlens.cli.app_database import open_database
    from opinionlens.storage import RecordNotFound
    from opinionlens.storage.users import find, set_password

    with open_database() as database:
        if find(database, name) is None:
            raise RecordNotFound(
                f"There is no user {name}.", remedy="`opinionlens users list` shows who there is."
            )
        password = _password_for(name, generate=generate, from_stdin=password_stdin)
        set_password(database, name, hash_password(argon2(), password))
    _tell(f"{name} has a new password, and is logged out everywhere.", password if generate else None)


@users.command("set-role")
def set_user_role(name: NameArgument, role: Annotated[RoleName, typer.Argument(help="The role.")]) -> None:
    """Give a user another role, also in open sessions."""
    from opinionlens.cli.app_database import open_database
    from opinionlens.storage.users import Role, set_role

    with open_database() as database:
        set_role(database, name, Role(role))
        _tell(f"{name} is {role} from now on.", None)
        _tell_if_no_admin(database)


@users.command("remove")
def remove_user(name: NameArgument) -> None:
    """Remove a user, and end their sessions."""
    from opinionlens.cli.app_database import open_database
    from opinionlens.storage.users import count, remove

    with open_database() as database:
        remove(database, name)
        _tell(f"{name} has been removed, and is logged out everywhere.", None)
        left = count(database)
        if left:
            _tell_if_no_admin(database)
    if not left:
        _tell("No user is left; the app makes the first user again when it starts.", None)


def _tell_if_no_admin(database: Database) -> None:
    from opinionlens.storage.users import Role, everybody

    if not any(user.role is Role.ADMIN for user in everybody(database)):
        _tell("No admin is left; `opinionlens users set-role NAME admin` makes one.", None)


def _check_name(name: str) -> None:
    from opinionlens.base.errors import InputError

    if not _NAME.fullmatch(name):
        raise InputError("A user's name has 1 to 200 characters and no spaces.")


def _password_for(name: str, *, generate: bool, from_stdin: bool) -> str:
    """Return a password that is good enough.

    Raises:
        InputError: there are two ways at once, or standard input is no terminal.
        PasswordWeak: it is too easily guessed.
    """
    from opinionlens.accounts.first_user import make_password
    from opinionlens.accounts.passwords import refuse_weak
    from opinionlens.base.errors import InputError

    if generate and from_stdin:
        raise InputError("Either --generate or --password-stdin.")
    if generate:
        return make_password()
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt="The same again", err=True)
    else:
        raise InputError(
            "A password cannot be asked for: standard input is no terminal.",
            remedy="Use --generate, or pipe it in with --password-stdin.",
        )
    refuse_weak(password, name)
    return str(password)


def _tell(words: str, password: str | None) -> None:
    """Print a message to stderr, a made-up password to stdout.

    The password is shown this once.
    """
    typer.echo(words, err=True)
    if password is not None:
        typer.echo("The password, shown this once:", err=True)
        typer.echo(password)
