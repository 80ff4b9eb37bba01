"""The table of roles in docs/deployment.md says what the code does."""

import re
from pathlib import Path

from opinionlens.accounts.rights import RIGHTS_OF_ROLE, Right
from opinionlens.accounts.tools import GRAFANA_ROLE, TITLES, Tool, may_use
from opinionlens.storage.users import Role

PAGE = (Path(__file__).parents[2] / "docs" / "deployment.md").read_text(encoding="utf-8")
RIGHT_OF_LINE = {
    "predictions where they need a login": Right.PREDICT,
    "versions, their cards and scores, what answered when, drift in figures": Right.VIEW,
    "texts that people sent: review, feedback, those of a drift report": Right.ANALYSE,
    "trying, comparing and evaluating versions": Right.ANALYSE,
    "choosing the version that answers, fetching and deleting versions": Right.MANAGE,
    "deleting feedback, keys of programs": Right.MANAGE,
}
TOOL_OF_LINE = {TITLES[tool]: tool for tool in Tool if tool is not Tool.TRAEFIK} | {
    "Traefik's pages": Tool.TRAEFIK
}


def lines() -> dict[str, list[str]]:
    """Return what the table says of viewer, analyst and admin, by the name of the line."""
    table = PAGE.split("| | viewer | analyst | admin |\n|---|---|---|---|\n")[1].split("\n\n")[0]
    cells = [re.findall(r"\| *([^|]*?) *(?=\|)", line) for line in table.splitlines()]
    return {name: found for name, *found in cells}


def test_the_lines_are_all_that_there_are():
    assert lines().keys() == RIGHT_OF_LINE.keys() | TOOL_OF_LINE.keys()
    assert set(RIGHT_OF_LINE.values()) == set(Right)


def test_each_line_is_true():
    expected = {
        line: ["yes" if right in RIGHTS_OF_ROLE[role] else "" for role in Role]
        for line, right in RIGHT_OF_LINE.items()
    } | {line: ["yes" if may_use(role, tool) else "" for role in Role] for line, tool in TOOL_OF_LINE.items()}
    expected["Grafana"] = [f"as {GRAFANA_ROLE[role]}" for role in Role]
    assert lines() == expected
