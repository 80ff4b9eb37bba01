"""Database URLs from Airflow's connections.

Airflow takes a connection from a variable as a URI or as JSON, and knows PostgreSQL as `postgres`.
"""

from __future__ import annotations

import json
from urllib.parse import quote, unquote, urlsplit

from opinionlens.base.errors import SettingsInvalid

_POSTGRES = ("postgres", "postgresql")


def database_url(value: str, setting: str) -> str:
    """Return the SQLAlchemy URL that a connection stands for.

    Args:
        value: a URI (`postgres://user:password@host/database`, `sqlite:////folder/file.db`), or Airflow's
            JSON with `conn_type`, `host`, `login`, `password`, `port` and `schema`.
        setting: the name of the variable, for messages.

    Raises:
        SettingsInvalid: it is neither; the value is not shown.
    """
    if value.lstrip().startswith("{"):
        return _from_json(value, setting)
    scheme, separator, rest = value.partition("://")
    # psycopg2 stands in older files; the driver is ours to choose.
    name = scheme.lower().partition("+")[0]
    if name in _POSTGRES and separator:
        return f"postgresql://{rest}"
    if name == "sqlite" and separator:
        # Airflow writes the path of a file into the host, with %2F for each slash.
        return value if rest.startswith("/") else f"sqlite:///{unquote(urlsplit(value).netloc)}"
    return value


def _from_json(value: str, setting: str) -> str:
    try:
        given = json.loads(value)
    except ValueError:
        raise SettingsInvalid(f"{setting} is not JSON.", remedy=_REMEDY) from None
    kind = str(given.get("conn_type", "")).lower()
    host = str(given.get("host") or "")
    if kind == "sqlite" and host:
        return f"sqlite:///{host}"
    if kind not in _POSTGRES:
        raise SettingsInvalid(f"{setting}: `conn_type` is neither postgres nor sqlite.", remedy=_REMEDY)
    login = quote(str(given.get("login") or ""), safe="")
    password = given.get("password")
    secret = "" if password in (None, "") else f":{quote(str(password), safe='')}"
    at = "@" if login or secret else ""
    port = f":{given['port']}" if given.get("port") else ""
    return f"postgresql://{login}{secret}{at}{host}{port}/{given.get('schema') or ''}"


_REMEDY = "Use postgres://user:password@host/database, or Airflow's JSON of such a connection."
