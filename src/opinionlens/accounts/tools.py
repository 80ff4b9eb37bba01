"""Other programs of the site that share the app's login.

Each stands on a host of its own, and the session's cookie never leaves the app's host. A browser carries a
code from the app to the other host, where it is exchanged, once and within seconds, for a cookie of that
host.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

import structlog

from opinionlens.accounts.browser_sessions import later_end
from opinionlens.accounts.principals import Principal, user
from opinionlens.accounts.rights import RIGHTS_OF_ROLE, Right
from opinionlens.accounts.tokens import hash_token, is_token, new_token, same
from opinionlens.base.setting_groups import SiteSettings
from opinionlens.storage import RecordNotFound, sessions, tool_sessions
from opinionlens.storage.columns import utc_now
from opinionlens.storage.records import Records
from opinionlens.storage.users import Role

# A browser follows two redirects in this time.
CODE_LIFE = timedelta(seconds=30)

log = structlog.get_logger("security")


class Tool(StrEnum):
    """Programs that may share the login."""

    MLFLOW = "mlflow"
    GRAFANA = "grafana"
    PROMETHEUS = "prometheus"
    ALERTMANAGER = "alertmanager"
    TRAEFIK = "traefik"


TITLES: Mapping[Tool, str] = {
    Tool.MLFLOW: "MLflow",
    Tool.GRAFANA: "Grafana",
    Tool.PROMETHEUS: "Prometheus",
    Tool.ALERTMANAGER: "Alertmanager",
    Tool.TRAEFIK: "Traefik",
}
# Grafana shows figures. Prometheus and MLflow can be asked for anything, and runs may hold texts.
# Alertmanager can silence an alert, and Traefik's pages name every address inside.
RIGHT_OF_TOOL: Mapping[Tool, Right] = {
    Tool.GRAFANA: Right.VIEW,
    Tool.MLFLOW: Right.ANALYSE,
    Tool.PROMETHEUS: Right.ANALYSE,
    Tool.ALERTMANAGER: Right.MANAGE,
    Tool.TRAEFIK: Right.MANAGE,
}
GRAFANA_ROLE: Mapping[Role, str] = {Role.VIEWER: "Viewer", Role.ANALYST: "Editor", Role.ADMIN: "Admin"}


def addresses_of(site: SiteSettings) -> dict[Tool, str]:
    """Return the tools of the settings with their addresses."""
    given = {tool: getattr(site, f"{tool}_url") for tool in Tool}
    return {tool: address for tool, address in given.items() if address}


@dataclass(frozen=True, slots=True)
class ToolVisitor:
    """A logged-in person at a tool."""

    viewer: Principal
    role: Role


class ToolLogins:
    """The logins at all tools."""

    def __init__(self, records: Records, site: SiteSettings, *, hours: float) -> None:
        """Take the addresses of the settings.

        Use of a tool extends the app's session by `hours`, as use of the app does.
        """
        self._records = records
        self._idle = timedelta(hours=hours)
        self.url = site.url
        self.addresses: Mapping[Tool, str] = addresses_of(site)

    async def make_code(self, session_token: str, tool: Tool, state: str) -> str | None:
        """Return a code for one login at a tool.

        None if the session has ended.

        Args:
            session_token: of the app's session, which is good.
            tool: the code is good there alone.
            state: the SHA-256 of the cookie that the browser has on the tool's host.

        Raises:
            StorageUnavailable: the database does not answer; there is no code.
        """
        code = new_token()
        try:
            await self._records.write(
                tool_sessions.add_code,
                code_hash=hash_token(code),
                session_hash=hash_token(session_token),
                tool=tool,
                state=state,
                expires_at=utc_now() + CODE_LIFE,
            )
        except RecordNotFound:
            return None
        return code

    async def exchange(self, code: str, tool: Tool, entry: str) -> str | None:
        """Exchange a code for the token of a new login.

        None if the code is used, old, for another tool, or of another browser. It is used up in any case.

        Args:
            code: as it came.
            tool: where it came.
            entry: the cookie that the browser got there before; the code belongs to it.

        Raises:
            StorageUnavailable: the database does not answer.
        """
        if not is_token(code) or not is_token(entry):
            return None
        taken = await self._records.write(tool_sessions.take_code, hash_token(code))
        if taken is None or taken.tool != tool or not same(hash_token(entry), taken.state):
            log.warning("tool.code_refused", tool=tool.value, is_known=taken is not None)
            return None
        token = new_token()
        try:
            await self._records.write(
                tool_sessions.add, token_hash=hash_token(token), session_hash=taken.session_hash, tool=tool
            )
        except RecordNotFound:
            return None
        log.info("tool.login", tool=tool.value)
        return token

    async def visitor(self, token: str, tool: Tool) -> ToolVisitor | None:
        """Return the user of a login at a tool.

        Raises:
            StorageUnavailable: the database does not answer.
        """
        if not is_token(token):
            return None
        now = utc_now()
        found = await self._records.read(tool_sessions.find, hash_token(token), tool, at=now)
        if found is None:
            return None
        later = later_end(found.session, now, self._idle)
        if later is not None:
            self._records.write_later(sessions.extend, found.session_hash, later)
        return ToolVisitor(user(found.session.user_name, found.session.role), found.session.role)


def may_use(role: Role, tool: Tool) -> bool:
    """Tell whether a role opens a tool."""
    return RIGHT_OF_TOOL[tool] in RIGHTS_OF_ROLE[role]
