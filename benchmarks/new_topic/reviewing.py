"""An administrator who labels texts on `/admin/review` through Traefik."""

from __future__ import annotations

import re
from collections.abc import Mapping

import httpx2
from tests.stack.project import Project

_SECONDS = 30
_CARD = re.compile(r"review-card.*?</form>", re.DOTALL)
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]+)"')


def review(project: Project, labels: Mapping[str, str], most: int) -> int:
    """Label so many of the texts that the queue shows; skip those of unknown label.

    Args:
        project: whose stack is asked.
        labels: labels by the id of the prediction.
        most: of labels that are given.
    """
    address = f"http://127.0.0.1:{project.ports['HTTP_PORT']}"
    headers = {"Host": "opinionlens.localhost"}
    with httpx2.Client(base_url=address, headers=headers, timeout=_SECONDS, follow_redirects=True) as client:
        page = _login(client, project.admin_password)
        given = 0
        while given < most and (card := _CARD.search(page)):
            fields = dict(_HIDDEN.findall(card[0]))
            answer = labels.get(fields["prediction_id"], "SKIP")
            given += answer != "SKIP"
            page = client.post("/admin/review", data={**fields, "answer": answer}).raise_for_status().text
    return given


def _login(client: httpx2.Client, password: str) -> str:
    token = re.search(r'name="token" value="([^"]+)"', client.get("/login").raise_for_status().text)
    if token is None:
        raise RuntimeError("the login page has no token")
    sent = {"username": "admin", "password": password, "next": "/admin/review", "token": token[1]}
    return client.post("/login", data=sent).raise_for_status().text
