"""Health check of an address inside a container.

Images without curl have Python. It runs every few seconds, so nothing is imported that costs time. Words
after the address name parts that its JSON must call healthy.
"""

import http.client
import json
import sys
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 4
MOST_BYTES = 100_000


def answer_of(address: str) -> tuple[int, bytes]:
    """Return the status and the body that an http address answers with."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(
        parts.hostname or "127.0.0.1", parts.port, timeout=TIMEOUT_SECONDS
    )
    try:
        connection.request("GET", parts.path or "/")
        response = connection.getresponse()
        return response.status, response.read(MOST_BYTES)
    finally:
        connection.close()


def ill_parts(body: bytes, parts: list[str]) -> list[str]:
    """Return the parts that a JSON object of states does not call healthy."""
    try:
        states = json.loads(body)
        return [part for part in parts if states[part]["status"] != "healthy"]
    except (ValueError, KeyError, TypeError):
        return parts


def main(arguments: list[str]) -> int:
    """Ask the address; return the exit status."""
    address, *parts = arguments
    try:
        status, body = answer_of(address)
    except (OSError, http.client.HTTPException) as error:
        print(f"{address}: {error}", file=sys.stderr)
        return 1
    ill = ill_parts(body, parts) if parts else []
    print(f"{address}: {status}{' without ' if ill else ''}{', '.join(ill)}")
    return 0 if status < http.client.BAD_REQUEST and not ill else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
