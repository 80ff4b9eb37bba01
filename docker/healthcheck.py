"""Health check of an address inside a container.

Images without curl have Python. It runs every few seconds, so nothing is imported that costs time.
"""

import http.client
import sys
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 4


def status_of(address: str) -> int:
    """Return the status that an http address answers with."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(
        parts.hostname or "127.0.0.1", parts.port, timeout=TIMEOUT_SECONDS
    )
    try:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().status
    finally:
        connection.close()


def main(arguments: list[str]) -> int:
    """Ask the address; return the exit status."""
    try:
        status = status_of(arguments[0])
    except (OSError, http.client.HTTPException) as error:
        print(f"{arguments[0]}: {error}", file=sys.stderr)
        return 1
    print(f"{arguments[0]}: {status}")
    return 0 if status < http.client.BAD_REQUEST else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
