"""A browser that opens the app and the tools beside it, through a reverse proxy that asks the app."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlsplit

APP = "testserver"
NAVIGATION = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
ADDRESSES = {"url": f"https://{APP}"} | {
    f"{tool}_url": f"https://{tool}.{APP}"
    for tool in ("mlflow", "grafana", "prometheus", "alertmanager", "traefik")
}


@dataclass
class Browser:
    """Cookies by host, and the answers of the last page with all redirects."""

    site: Any
    cookies: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    locations: list[str] = field(default_factory=list)

    def send(self, url: str, *, method: str = "GET", data: Any = None, **headers: str) -> Any:
        """Send one request, to the app itself or, for another host, to what the proxy asks."""
        parts = urlsplit(url)
        uri = parts.path + (f"?{parts.query}" if parts.query else "")
        jar = "; ".join(f"{name}={value}" for name, value in self.cookies[parts.netloc].items())
        sent = NAVIGATION | headers | ({"Cookie": jar} if jar else {})
        self.site.client.cookies.clear()
        if parts.netloc == APP:
            answer = self.site.client.request(method, uri, headers=sent, data=data)
        else:
            tool = parts.netloc.split(".")[0]
            answer = self.site.client.get(
                f"/auth/forward/{tool}",
                headers={
                    "X-Forwarded-Method": method,
                    "X-Forwarded-Host": parts.netloc,
                    "X-Forwarded-Proto": parts.scheme,
                    "X-Forwarded-Uri": uri,
                }
                | sent,
            )
        self._keep(parts.netloc, answer)
        return answer

    def open(self, url: str) -> Any:
        """Open a page, and follow where it leads."""
        self.locations = []
        answer = self.send(url)
        while answer.status_code in (302, 303):
            self.locations.append(answer.headers["Location"])
            assert len(self.locations) < 10, self.locations
            answer = self.send(self._whole(answer.headers["Location"]))
        return answer

    def log_in(self, page: Any, name: str = "ann") -> Any:
        """Fill in the login form, and follow where it leads."""
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
        form = {key: value.replace("&amp;", "&") for key, value in hidden.items()}
        answer = self.send(
            f"https://{APP}/login",
            method="POST",
            data=form | {"username": name, "password": "a fine day for a walk"},
        )
        assert answer.status_code == 303, answer.text
        return self.open(self._whole(answer.headers["Location"]))

    def _whole(self, location: str) -> str:
        return location if location.startswith("https:") else f"https://{APP}{location}"

    def _keep(self, host: str, answer: Any) -> None:
        for line in answer.headers.get_list("set-cookie"):
            (morsel,) = SimpleCookie(line).values()
            assert morsel.key.startswith("__Host-"), line
            assert (morsel["domain"], morsel["path"]) == ("", "/"), line
            assert morsel["secure"], line
            assert morsel["httponly"], line
            assert morsel["samesite"].lower() in ("lax", "strict"), line
            if morsel["max-age"] == "0":
                self.cookies[host].pop(morsel.key, None)
            else:
                self.cookies[host][morsel.key] = morsel.value
