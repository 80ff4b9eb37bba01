"""Dashboards are those of the code, and ask only for what is there to be asked."""

import json
import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import promql_parser
import pytest
import yaml
from grafana_foundation_sdk.models import units
from scripts.dashboards.__main__ import write
from scripts.dashboards.alerts import ALERTS
from scripts.dashboards.boards import DOCS, rendered
from tests.support.dashboards import (
    EMPTY_IN_ORDER,
    FOLDER,
    Expression,
    choices,
    dashboard_files,
    expressions,
    panels,
)

ROOT = Path(__file__).parents[2]
PROVISIONING = ROOT / "grafana" / "provisioning"
BOARDS = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in dashboard_files()}
NAMES = ["fastapi", "inference", "models", "node", "overview", "postgres", "traefik"]
SOURCE = {"type": "prometheus", "uid": "prometheus"}
UNITS = {value for name, value in vars(units).items() if not name.startswith("_") and isinstance(value, str)}
JOBS = {"pg-exporter-mlflow", "opinionlens-fastapi", "opinionlens-inference", "node", "traefik"}

# Other programs' metrics and the labels that we use; each was seen in their own answers.
_TRAEFIK = {"code", "method", "protocol"}
EXPORTED: dict[str, set[str]] = {
    "up": set(),
    "ALERTS": {"alertname", "alertstate", "severity"},
    "node_boot_time_seconds": set(),
    "node_cpu_seconds_total": {"cpu", "mode"},
    "node_disk_io_time_seconds_total": {"device"},
    "node_disk_read_bytes_total": {"device"},
    "node_disk_written_bytes_total": {"device"},
    "node_filefd_allocated": set(),
    "node_filefd_maximum": set(),
    "node_filesystem_avail_bytes": {"device", "fstype", "mountpoint"},
    "node_filesystem_size_bytes": {"device", "fstype", "mountpoint"},
    "node_load1": set(),
    "node_load15": set(),
    "node_memory_MemAvailable_bytes": set(),
    "node_memory_MemTotal_bytes": set(),
    "node_memory_SwapFree_bytes": set(),
    "node_memory_SwapTotal_bytes": set(),
    "node_network_receive_bytes_total": {"device"},
    "node_network_receive_drop_total": {"device"},
    "node_network_receive_errs_total": {"device"},
    "node_network_transmit_bytes_total": {"device"},
    "node_network_transmit_drop_total": {"device"},
    "node_network_transmit_errs_total": {"device"},
    "node_pressure_cpu_waiting_seconds_total": set(),
    "node_pressure_io_waiting_seconds_total": set(),
    "node_pressure_memory_waiting_seconds_total": set(),
    "node_timex_sync_status": set(),
    "node_vmstat_oom_kill": set(),
    "pg_database_size_bytes": {"datname"},
    "pg_locks_count": {"datname", "mode"},
    "pg_settings_max_connections": set(),
    "pg_stat_activity_count": {"datname", "state"},
    "pg_stat_activity_max_tx_duration": {"datname", "state"},
    "pg_stat_database_blks_hit": {"datname"},
    "pg_stat_database_blks_read": {"datname"},
    "pg_stat_database_conflicts": {"datname"},
    "pg_stat_database_deadlocks": {"datname"},
    "pg_stat_database_numbackends": {"datname"},
    "pg_stat_database_temp_bytes": {"datname"},
    "pg_stat_database_tup_deleted": {"datname"},
    "pg_stat_database_tup_fetched": {"datname"},
    "pg_stat_database_tup_inserted": {"datname"},
    "pg_stat_database_tup_returned": {"datname"},
    "pg_stat_database_tup_updated": {"datname"},
    "pg_stat_database_xact_commit": {"datname"},
    "pg_stat_database_xact_rollback": {"datname"},
    "pg_up": set(),
    "traefik_config_last_reload_success": set(),
    "traefik_entrypoint_requests_bytes_total": _TRAEFIK | {"entrypoint"},
    "traefik_entrypoint_requests_total": _TRAEFIK | {"entrypoint"},
    "traefik_entrypoint_responses_bytes_total": _TRAEFIK | {"entrypoint"},
    "traefik_open_connections": {"entrypoint", "protocol"},
    "traefik_service_request_duration_seconds_bucket": _TRAEFIK | {"service", "le"},
    "traefik_service_requests_total": _TRAEFIK | {"service"},
    "traefik_service_retries_total": {"service"},
    "traefik_service_server_up": {"service", "url"},
    "traefik_tls_certs_not_after": {"cn", "sans", "serial"},
}


def app_metrics() -> dict[str, set[str]]:
    """The series of docs/metrics.md, which a test of its own compares with the app's."""
    rows = re.findall(
        r"^\| `(\w+)` \| (\w+) \| ([^|]*) \|",
        (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8"),
        flags=re.MULTILINE,
    )
    endings = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("_sum", "_count")}
    return {
        name + ending: set(re.findall(r"`(\w+)`", labels)) | ({"le"} if ending == "_bucket" else set())
        for name, kind, labels in rows
        for ending in endings.get(kind, ("",))
    }


def visited(expr: str, kind: type) -> Iterator:
    found: list = []
    promql_parser.walk(promql_parser.parse(expr), lambda node: found.append(node))
    return (node for node in found if isinstance(node, kind))


def selectors(expr: str) -> list:
    """Every selector of series, those inside a range among them."""
    return list(visited(expr, promql_parser.VectorSelector))


EXPRESSIONS = [expression for path in dashboard_files() for expression in expressions(path)]
SERIES = EXPORTED | app_metrics()


@pytest.fixture(params=NAMES)
def board(request):
    return BOARDS[request.param]


def test_every_dashboard_is_there():
    assert list(BOARDS) == NAMES


def test_files_are_those_of_the_code(tmp_path):
    write(tmp_path, DOCS)
    written = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    committed = {path.name: path.read_bytes() for path in FOLDER.iterdir()}
    assert written == committed, "run `make dashboards`"


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
    assert addresses == ["https://git.example.org/us/lens"] * 7


def test_identity_of_dashboards_is_unique():
    uids = [board["uid"] for board in BOARDS.values()]
    assert uids == [f"opinionlens-{name}" for name in NAMES]
    assert len({board["title"] for board in BOARDS.values()}) == 7


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


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=lambda e: f"{e.dashboard}-{e.where}")
def test_expressions_can_be_read_and_name_what_exists(expression):
    for selector in selectors(expression.expr):
        assert selector.name in SERIES, selector.name
        labels = {matcher.name for matcher in selector.matchers.matchers}
        assert labels <= SERIES[selector.name] | {"job", "instance"}, selector.name
        jobs = {matcher.value for matcher in selector.matchers.matchers if matcher.name == "job"}
        assert jobs <= JOBS


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=lambda e: f"{e.dashboard}-{e.where}")
def test_expressions_group_by_labels_that_exist(expression):
    for aggregate in visited(expression.expr, promql_parser.AggregateExpr):
        if aggregate.modifier is not None:
            inner = [selector.name for selector in selectors(aggregate.expr.prettify())]
            known = {"job", "instance"}.union(*(SERIES[name] for name in inner))
            assert set(aggregate.modifier.labels) <= known, inner


def test_legends_use_labels_that_are_left(board):
    for panel in panels(board):
        for target in panel["targets"]:
            used = set(re.findall(r"\{\{(\w+)\}\}", target.get("legendFormat", "")))
            grouped = {
                name for by in re.findall(r"by \(([^)]*)\)", target["expr"]) for name in by.split(", ")
            }
            assert used <= grouped, panel["title"]


def test_expressions_use_the_variables_of_their_dashboard(board):
    known = set(choices(board)) | {"docs", "__interval", "__rate_interval"}
    used = set(re.findall(r"\$\{?([a-zA-Z_]\w*)", json.dumps(panels(board)))) - {"__value"}
    assert used <= known
    text = json.dumps([panels(board), [item["query"] for item in choices(board).values()]])
    assert [name for name in choices(board) if f"${name}" not in text] == [], "nothing is filtered by these"
    # Any number may be chosen, which only a regular expression can hold.
    assert re.findall(r'[^~]\\"\$(?!__)[a-z]\w*', text) == []


def test_rates_use_the_interval_of_the_page(board):
    for panel in panels(board):
        for target in panel["targets"]:
            for call, window in re.findall(r"\b(i?rate|increase)\([^\[\]]*\[([^\]]+)\]", target["expr"]):
                assert call != "irate"
                assert window == "$__rate_interval" or call == "increase"


def test_links_lead_to_the_runbook(board):
    links = [link for panel in panels(board) for link in panel.get("links", [])]
    anchors = {f"${{docs}}/docs/runbook.md#{alert.lower()}" for alert in ALERTS}
    assert {link["url"] for link in links} <= anchors


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
    assert marked == ["fastapi", "inference", "models", "overview", "postgres", "traefik"]


def test_expected_gaps_are_expressions_of_dashboards():
    assert set(EMPTY_IN_ORDER) <= {(item.dashboard, item.where) for item in EXPRESSIONS}
    assert len(EMPTY_IN_ORDER) <= 10


def test_variables_are_put_in(tmp_path):
    path = tmp_path / "small.json"
    panel = {
        "title": "P",
        "type": "stat",
        "targets": [{"refId": "A", "expr": 'rate(x{a=~"$a"}[$__rate_interval])', "range": True}],
    }
    row = {"title": "R", "type": "row", "panels": [panel]}
    item = {"type": "query", "name": "a", "query": "label_values(x, a)", "allValue": ".*"}
    path.write_text(json.dumps({"panels": [row], "templating": {"list": [item]}}))
    asked = Expression("small", "P A", panel["targets"][0]["expr"], 'rate(x{a=~".*"}[1m])', True)
    listed = Expression("small", "variable a", "count by (a) (x)", "count by (a) (x)", False)
    assert expressions(path) == [asked, listed]
    assert expressions(path, {"a": "b"})[0].expr == 'rate(x{a=~"b"}[1m])'


def test_unknown_names_are_found():
    names = [selector.name for selector in selectors('sum(rate(made_up_total{a="b"}[5m])) / other')]
    assert names == ["made_up_total", "other"]
    with pytest.raises(ValueError, match="unclosed"):
        selectors("sum(rate(up)")
