"""Dashboards are those of the code, complete, and lead to the runbook."""

import json
import re
from itertools import combinations
from pathlib import Path

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models import dashboard, units
from scripts.dashboards.__main__ import write
from scripts.dashboards.alerts import ALERTS
from scripts.dashboards.boards import rendered
from scripts.dashboards.frame import Line
from scripts.dashboards.panels import now, number
from tests.support.dashboards import FOLDER, choices, dashboard_files, panels

ROOT = Path(__file__).parents[2]
RULES = [
    rule
    for path in sorted((ROOT / "prometheus" / "rules").glob("*.yaml"))
    for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]
PROVISIONING = ROOT / "grafana" / "provisioning"
BOARDS = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in dashboard_files()}
NAMES = ["drift", "fastapi", "inference", "models", "node", "overview", "postgres", "traefik"]
SOURCE = {"type": "prometheus", "uid": "prometheus"}
UNITS = {value for name, value in vars(units).items() if not name.startswith("_") and isinstance(value, str)}
COMMITTED_DOCS = next(
    item["query"] for item in BOARDS["overview"]["templating"]["list"] if item["name"] == "docs"
)


@pytest.fixture(params=NAMES)
def board(request):
    return BOARDS[request.param]


def test_every_dashboard_is_there():
    assert list(BOARDS) == NAMES


def test_files_are_those_of_the_code(tmp_path):
    write(tmp_path, COMMITTED_DOCS)
    written = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    committed = {path.name: path.read_bytes() for path in FOLDER.iterdir()}
    assert written == committed, "run `make dashboards`"


def test_library_reads_files_back(board):
    register_default_plugins()
    read = dashboard.Dashboard.from_json(board)
    assert json.loads(JSONEncoder().encode(read)) == board, "a field that Grafana does not know"


def test_code_gives_the_same_bytes_twice():
    assert rendered() == rendered()


def test_address_of_the_docs_can_be_chosen(tmp_path):
    (tmp_path / "gone.json").write_text("{}")
    write(tmp_path, "https://git.example.org/us/lens")
    assert {path.stem for path in tmp_path.iterdir()} == set(NAMES)
    boards = [json.loads(path.read_text()) for path in tmp_path.iterdir()]
    addresses = [
        item["query"] for board in boards for item in board["templating"]["list"] if item["name"] == "docs"
    ]
    assert addresses == ["https://git.example.org/us/lens"] * 8


def test_identity_of_dashboards_is_unique():
    uids = [board["uid"] for board in BOARDS.values()]
    assert uids == [f"opinionlens-{name}" for name in NAMES]
    assert len({board["title"] for board in BOARDS.values()}) == 8


def test_frame_is_complete(board):
    assert board["schemaVersion"] == 42  # Grafana 12
    assert board["description"].endswith(".")
    assert board["tags"] == ["opinionlens"]
    assert board["editable"] is False
    assert board["refresh"] == "30s"
    assert "id" not in board
    assert "version" not in board
    assert [link["title"] for link in board["links"]] == ["Dashboards", "Runbook"]


def test_panels_have_numbers_of_their_own(board):
    numbers = [panel["id"] for panel in board["panels"]]
    assert len(set(numbers)) == len(numbers)
    assert min(numbers) == 1


def test_panels_fill_the_grid_without_overlaps(board):
    places = [panel["gridPos"] for panel in board["panels"]]
    assert all(place["w"] > 0 and place["h"] > 0 and place["x"] >= 0 for place in places)
    assert max(place["x"] + place["w"] for place in places) == 24
    for one, other in combinations(places, 2):
        apart = (
            one["x"] + one["w"] <= other["x"]
            or other["x"] + other["w"] <= one["x"]
            or one["y"] + one["h"] <= other["y"]
            or other["y"] + other["h"] <= one["y"]
        )
        assert apart, (one, other)
    height = max(place["y"] + place["h"] for place in places)
    assert sum(place["w"] * place["h"] for place in places) == 24 * height, "a hole"


def test_overview_fits_on_one_screen():
    heights = [panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in BOARDS["overview"]["panels"]]
    assert max(heights) <= 24  # 38 pixels each: 912 of the 1080 of a usual screen, below its own heading
    rows = [panel["title"] for panel in BOARDS["overview"]["panels"] if panel["type"] == "row"]
    assert rows == ["Is it up?", "Is it right?", "Is it fast?", "What changed?"]


def test_panels_say_what_they_show(board):
    for panel in panels(board):
        assert panel["title"], panel
        assert len(panel["description"]) > 20, panel["title"]
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"] in UNITS, panel["title"]
    titles = [panel["title"] for panel in panels(board)]
    assert len(set(titles)) == len(titles)


def test_figures_say_what_no_data_means(board):
    kinds = {"stat", "table", "bargauge", "state-timeline"}
    figures = [panel for panel in panels(board) if panel["type"] in kinds]
    assert [panel["title"] for panel in figures if not panel["fieldConfig"]["defaults"].get("noValue")] == []
    assert {panel["type"] for panel in panels(board)} <= kinds | {"timeseries"}


def test_lines_keep_gaps_and_have_names(board):
    lines = [panel for panel in panels(board) if panel["type"] == "timeseries"]
    for panel in lines:
        assert panel["fieldConfig"]["defaults"]["custom"]["spanNulls"] is False
        assert panel["options"]["legend"]["showLegend"] is True
        names = [target["legendFormat"] for target in panel["targets"]]
        assert "__auto" not in names, panel["title"]
        assert len(set(names)) == len(names), panel["title"]


def test_everything_asks_the_provisioned_source(board):
    provisioned = yaml.safe_load((PROVISIONING / "datasources" / "prometheus.yaml").read_text())
    assert [source["uid"] for source in provisioned["datasources"]] == ["prometheus"]
    asking = [
        *panels(board),
        *(target for panel in panels(board) for target in panel["targets"]),
        *choices(board).values(),
        *board.get("annotations", {}).get("list", []),
    ]
    assert [item for item in asking if item["datasource"] != SOURCE] == []


def test_provisioned_folder_is_that_of_the_files():
    provider = yaml.safe_load((PROVISIONING / "dashboards" / "opinionlens.yaml").read_text())["providers"][0]
    assert provider["type"] == "file"
    assert provider["allowUiUpdates"] is False
    assert provider["options"]["path"] == "/etc/grafana/dashboards"


def test_links_lead_to_the_runbook(board):
    links = [link for panel in panels(board) for link in panel.get("links", [])]
    anchors = {f"${{docs}}/docs/runbook.md#{alert.lower()}" for alert in ALERTS}
    assert {link["url"] for link in links} <= anchors


def test_alerts_are_those_of_the_rules():
    assert sorted({rule["alert"] for rule in RULES if "alert" in rule}) == list(ALERTS)


def test_runbook_has_a_paragraph_for_every_alert():
    headings = re.findall(
        r"^#+ (\w+)$", (ROOT / "docs" / "runbook.md").read_text("utf-8"), flags=re.MULTILINE
    )
    assert [alert for alert in ALERTS if alert not in headings] == []


@pytest.mark.parametrize(
    ("name", "title", "alert", "steps"),
    [
        ("overview", "Error share", "ErrorShareHigh", {"> 0.05": (0.05, "red")}),
        ("overview", "Latency", "LatencyHigh", {"> 0.25": (0.25, "orange")}),
        ("overview", "Batch queue in use", "BatchQueueFull", {">= 0.9": (0.9, "orange")}),
        ("drift", "Drift score", "SentimentDrift", {"> 1": (1, "orange")}),
        ("drift", "Drift score over time", "SentimentDrift", {"> 1": (1, "orange")}),
        ("models", "Behind the deployment", "FollowerBehind", {"> 60": (60, "orange")}),
        ("node", "Fullest disk", "DiskFilling", {"< 0.05": (0.95, "red"), "< 0.15": (0.85, "orange")}),
        ("node", "Last backup", "BackupTooOld", {"> 36 * 3600": (129_600, "orange")}),
        (
            "traefik",
            "Certificate expires in",
            "CertificateExpiring",
            {"< 3 * 86400": (259_200, "orange"), "< 14 * 86400": (1_209_600, "green")},
        ),
    ],
)
def test_colours_change_where_alerts_begin(name, title, alert, steps):
    rules = " ".join(rule["expr"] for rule in RULES if rule.get("alert") == alert)
    panel = next(panel for panel in panels(BOARDS[name]) if panel["title"] == title)
    shown = [
        (step["value"], step["color"]) for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    ]
    for written, step in steps.items():
        assert written in rules
        assert step in shown


def test_every_alert_has_a_panel_and_a_way_to_the_runbook():
    linked = {
        link["title"].removeprefix("Runbook: ")
        for board in BOARDS.values()
        for panel in panels(board)
        for link in panel.get("links", [])
    }
    assert linked == set(ALERTS)
    table = next(panel for panel in panels(BOARDS["overview"]) if panel["title"] == "Firing alerts")
    column = next(
        item for item in table["fieldConfig"]["overrides"] if item["matcher"]["options"] == "Runbook"
    )
    texts = column["properties"][0]["value"][0]["options"]
    assert {name: text["text"] for name, text in texts.items()} == {name: name.lower() for name in ALERTS}


def test_deployments_are_marked_where_requests_are_shown():
    marked = [name for name, board in BOARDS.items() if board.get("annotations", {}).get("list")]
    assert marked == ["drift", "fastapi", "inference", "models", "overview", "postgres", "traefik"]


def test_line_that_does_not_fill_the_page_is_refused():
    panel = number("Half", "Half of a line.", "short", now("up"), wide=12, empty="nothing")
    Line(4, [panel, panel])
    with pytest.raises(ValueError, match="24 columns"):
        Line(4, [panel])
