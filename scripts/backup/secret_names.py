"""The names of secrets that an installation needs; their values are not read into a backup."""

from __future__ import annotations

import re
from pathlib import Path

from scripts.stack.env_files import values_of

FILES = (".env", ".env.stage", ".env.prod", ".env.build")
_SECRET = re.compile(r"PASSWORD|_PASS$|TOKEN|SECRET|(?<!NEEDS)_KEY(_ID)?$|WEBHOOK_URL|SLACK_URL")
# Addresses that may hold a login.
_ADDRESS = re.compile(r"DATABASE__URL|_URI$|CONN_")


def secret_names(root: Path) -> dict[str, list[str]]:
    """Return the names of secrets that have a value, by file."""
    found = {}
    for name in FILES:
        if (root / name).is_file():
            values = values_of((root / name).read_text(encoding="utf-8"))
            found[name] = sorted(key for key, value in values.items() if value and is_secret(key, value))
    return found


def is_secret(name: str, value: str) -> bool:
    """Tell whether a setting holds a secret."""
    return bool(_SECRET.search(name)) or ("@" in value and bool(_ADDRESS.search(name)))
