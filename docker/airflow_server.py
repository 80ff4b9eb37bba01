"""Airflow in a container: its web server, its scheduler and its DAG processor, which end together.

Settings come from the environment: `AIRFLOW_ADMIN_USERNAME`, `AIRFLOW_ADMIN_PASSWORD`, and
`AIRFLOW_SECRET_KEY`, from which Airflow's own keys follow.
"""

import base64
import hashlib
import hmac
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

REQUIRED = ("AIRFLOW_ADMIN_PASSWORD", "AIRFLOW_SECRET_KEY")
LEAST_CHARACTERS = 12
# No triggerer: the DAG has no task that waits outside of a process.
PARTS = ("api-server", "scheduler", "dag-processor")
PORT = 8080
# The project's folder as the training image brings it: stages, parameters, code.
PREPARE = ("python", "/usr/local/lib/training.py", "true")
PREPARE_SECONDS = 60
MIGRATION_SECONDS = 600
LOG_DAYS = 90
LOOK_SECONDS = 1.0
# For all, and for each at least: together less than the time that Compose gives the container.
END_SECONDS = 25.0
LEAST_END_SECONDS = 3.0


def problems(environment: Mapping[str, str]) -> list[str]:
    """Return a sentence for each setting that keeps Airflow from starting."""
    found = [f"{name} is empty." for name in REQUIRED if not environment.get(name)]
    password = environment.get("AIRFLOW_ADMIN_PASSWORD", "")
    if password and len(password) < LEAST_CHARACTERS:
        found.append(f"AIRFLOW_ADMIN_PASSWORD needs {LEAST_CHARACTERS} characters or more.")
    if not re.fullmatch(r"[\w.@-]+", administrator(environment)):
        found.append("AIRFLOW_ADMIN_USERNAME may have letters, digits and . @ _ - only.")
    return found


def administrator(environment: Mapping[str, str]) -> str:
    """Return the name that logs in on Airflow's pages."""
    return environment.get("AIRFLOW_ADMIN_USERNAME") or "admin"


def key(secret: str, purpose: str) -> bytes:
    """Return 32 bytes that follow from the secret and say nothing of it, others for each purpose."""
    return hmac.digest(secret.encode(), purpose.encode(), hashlib.sha256)


def environment_of_parts(environment: Mapping[str, str], passwords: Path) -> dict[str, str]:
    """Return what Airflow's programs see.

    Args:
        environment: That of the container. Variables and connections that are empty are left out, because
            Airflow takes them for given.
        passwords: The file with the administrator's password.
    """
    given = ("AIRFLOW_VAR_", "AIRFLOW_CONN_")
    kept = {
        name: value
        for name, value in environment.items()
        if name not in REQUIRED and (value or not name.startswith(given))
    }
    secret = environment["AIRFLOW_SECRET_KEY"]
    return {
        **kept,
        "AIRFLOW__CORE__FERNET_KEY": base64.urlsafe_b64encode(key(secret, "fernet")).decode(),
        "AIRFLOW__API__SECRET_KEY": key(secret, "api").hex(),
        "AIRFLOW__API_AUTH__JWT_SECRET": key(secret, "jwt").hex() + key(secret, "jwt, second half").hex(),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{administrator(environment)}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
    }


def write_passwords(environment: Mapping[str, str]) -> Path:
    """Write the file that Airflow looks passwords up in, and return its path; only its owner can read it."""
    handle, name = tempfile.mkstemp(prefix="passwords-", suffix=".json")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump({administrator(environment): environment["AIRFLOW_ADMIN_PASSWORD"]}, file)
    return Path(name)


def remove_old_logs(folder: Path, now: float) -> int:
    """Remove files that nothing was written to for long, and empty folders; return the number of files."""
    removed = 0
    for path in sorted(folder.rglob("*"), reverse=True):  # what is in a folder comes before the folder
        if path.is_dir() and not path.is_symlink():
            if not any(path.iterdir()):
                path.rmdir()
        elif path.lstat().st_mtime < now - LOG_DAYS * 86_400:
            path.unlink()
            removed += 1
    return removed


def run_together(commands: Mapping[str, Sequence[str]], environment: Mapping[str, str], port: int) -> int:
    """Run programs until one ends or this one is told to stop; end all; return the exit status.

    Args:
        commands: The first listens at the port. The others call it, and start when it does.
        environment: What they see.
        port: Of this machine.
    """
    # No event: its lock may be held by the very code that a handler interrupts.
    told: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: told.append(number))
    running: dict[str, subprocess.Popen[bytes]] = {}
    first, *waiting = commands
    try:
        running[first] = start(commands[first], environment)
        while not told:
            for name, process in running.items():
                if process.poll() is not None:
                    print(f"{name} has ended with status {process.returncode}; all end.", file=sys.stderr)
                    return 1
            if waiting and listens(port):
                running |= {name: start(commands[name], environment) for name in waiting}
                waiting = []
            time.sleep(LOOK_SECONDS)
        return 0
    finally:
        end(list(running.values()))


def start(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a program as the head of a group."""
    return subprocess.Popen(command, env=dict(environment), start_new_session=True)


def listens(port: int) -> bool:
    """Tell whether a program listens at a port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(LOOK_SECONDS)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """End programs, the last one first, each with all that it has started.

    The scheduler's tasks need the web server to report how they ended.
    """
    deadline = time.monotonic() + END_SECONDS
    for process in reversed(processes):
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(LEAST_END_SECONDS, deadline - time.monotonic()))
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def main(environment: Mapping[str, str]) -> int:
    """Prepare folders and tables, then run Airflow; return the exit status."""
    found = problems(environment)
    if found:
        print("\n".join([*found, "env.build says what each is for."]), file=sys.stderr)
        return 2
    home = Path(environment["AIRFLOW_HOME"])
    seen = environment_of_parts(environment, write_passwords(environment))
    # What the pipeline has left there is newer than the image's.
    if not Path("params.yaml").exists():
        subprocess.run(PREPARE, timeout=PREPARE_SECONDS, check=True)
    remove_old_logs(home / "logs", time.time())
    migrated = subprocess.run(
        ["airflow", "db", "migrate"], env=seen, timeout=MIGRATION_SECONDS, check=False
    ).returncode
    if migrated:
        return migrated
    port = int(environment.get("AIRFLOW__API__PORT") or PORT)
    return run_together({part: ("airflow", part) for part in PARTS}, seen, port)


if __name__ == "__main__":
    sys.exit(main(os.environ))
