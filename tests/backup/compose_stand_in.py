"""A stand-in for Docker Compose: what would run in a container runs here.

Paths in containers begin with /var/lib; `VOLUMES` says where that is, `DATABASE_SERVER` where PostgreSQL
listens. Each call is written to `CALLS`.
"""

import json
import os
import sys
from pathlib import Path

SERVICES = ("opinionlens", "worker", "mlflow", "postgres", "grafana")


def main() -> None:
    words = sys.argv[1:]
    with Path(os.environ["CALLS"]).open("a") as calls:
        calls.write(json.dumps(words) + "\n")
    while words[0] in ("--file", "--profile"):
        words = words[2:]
    if words[0] == "exec":
        assert words[1:3] == ["-T", "postgres"], words
        run(words[3:])
    elif words[0] == "run":
        assert words[1:5] == ["--rm", "--no-deps", "-T", "--entrypoint"], words
        assert words[6] in SERVICES, words
        run([words[5], *words[7:]], f"{os.environ['VOLUMES']}/{words[6]}")
    elif words == ["config", "--services"]:
        print("\n".join(SERVICES))
    else:
        assert words[0] == "stop" or words == ["up", "--detach", "--wait", "postgres"], words
        assert set(words[1:]) <= {*SERVICES, "--detach", "--wait"}, words


def run(command: list[str], volumes: str = "") -> None:
    moved = [volumes + word if word.startswith("/var/lib/") else word for word in command]
    # In the container the role needs no password on its socket.
    host, port = os.environ["DATABASE_SERVER"].split(":")
    os.environ |= {"PGHOST": host, "PGPORT": port, "PGPASSWORD": "secret"}
    os.execvp(moved[0], moved)  # noqa: S606


main()
