"""The app's own user of the MLflow server, made by its administrator after each start.

An ordinary user reads all experiments and models (`default_permission = READ`) and changes nothing that
others made. Settings come from the environment: `MLFLOW_APP_USERNAME` and `MLFLOW_APP_PASSWORD`, and the
administrator's `MLFLOW_AUTH_ADMIN_USERNAME` and `MLFLOW_AUTH_ADMIN_PASSWORD`. The argument is the server's
address.
"""

import http.client
import json
import os
import sys
from base64 import b64encode
from collections.abc import Mapping
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 30
NAMES = (
    "MLFLOW_APP_USERNAME",
    "MLFLOW_APP_PASSWORD",
    "MLFLOW_AUTH_ADMIN_USERNAME",
    "MLFLOW_AUTH_ADMIN_PASSWORD",
)
# MLflow's interface for users (its documentation: "Authentication REST API").
CREATE = ("POST", "/api/2.0/mlflow/users/create")
UPDATE = ("PATCH", "/api/2.0/mlflow/users/update-password")


class Refused(Exception):
    """The server did not do what it was asked."""


def problems(environment: Mapping[str, str]) -> list[str]:
    """Return a sentence for each setting that keeps the user from being made."""
    found = [f"{name} is empty." for name in NAMES if not environment.get(name)]
    if environment.get(NAMES[0]) and environment.get(NAMES[0]) == environment.get(NAMES[2]):
        found.append("MLFLOW_APP_USERNAME is the administrator's: give the app a name of its own.")
    return found


def ensure(address: str, environment: Mapping[str, str]) -> str:
    """Make the user, or give the one that exists the password of the settings; return what was done.

    Raises:
        Refused: The server did not; the message says why.
    """
    name, password = environment["MLFLOW_APP_USERNAME"], environment["MLFLOW_APP_PASSWORD"]
    user = {"username": name, "password": password}
    status, answer = ask(address, CREATE, user, environment)
    if status == http.client.OK:
        return f"made the user {name}"
    if answer.get("error_code") == "RESOURCE_ALREADY_EXISTS":
        status, answer = ask(address, UPDATE, user, environment)
        if status == http.client.OK:
            return f"the user {name} exists and has the password of the settings"
    if status == http.client.UNAUTHORIZED:
        raise Refused(
            "MLflow refuses the administrator's login:"
            " MLFLOW_AUTH_ADMIN_PASSWORD in .env.build is not the one it has."
        )
    raise Refused(f"MLflow says {status}: {answer.get('message', 'nothing more')}")


def ask(
    address: str, call: tuple[str, str], content: object, environment: Mapping[str, str]
) -> tuple[int, dict[str, str]]:
    """Return the status and the JSON object of an answer, empty where there is none."""
    parts = urlsplit(address)
    login = f"{environment['MLFLOW_AUTH_ADMIN_USERNAME']}:{environment['MLFLOW_AUTH_ADMIN_PASSWORD']}"
    headers = {
        "Authorization": f"Basic {b64encode(login.encode()).decode()}",
        "Content-Type": "application/json",
    }
    connection = http.client.HTTPConnection(
        parts.hostname or "127.0.0.1", parts.port, timeout=TIMEOUT_SECONDS
    )
    try:
        connection.request(*call, json.dumps(content), headers)
        response = connection.getresponse()
        body = response.read()
    finally:
        connection.close()
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    return response.status, answer if isinstance(answer, dict) else {}


def main(arguments: list[str], environment: Mapping[str, str]) -> int:
    """Make the user at the address; return the exit status."""
    found = problems(environment)
    if found:
        print("\n".join([*found, "env.build says what each is for."]), file=sys.stderr)
        return 2
    try:
        print(ensure(arguments[0], environment))
    except (OSError, http.client.HTTPException, Refused) as error:
        print(f"{arguments[0]}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
