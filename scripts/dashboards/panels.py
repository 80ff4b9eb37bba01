"""Kinds of panels, each with the one look that all dashboards share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from string import ascii_uppercase
from typing import TypeAlias, TypeVar

from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    dashboard,
    prometheus,
    stat,
    statetimeline,
    table,
    timeseries,
)
from grafana_foundation_sdk.models import common as look
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models import prometheus as query_model

PanelBuilder: TypeAlias = stat.Panel | timeseries.Panel | table.Panel | bargauge.Panel | statetimeline.Panel
Built = TypeVar("Built", stat.Panel, timeseries.Panel, table.Panel, bargauge.Panel, statetimeline.Panel)
# Colours by the value from which they count; None is below all others.
Steps: TypeAlias = Mapping[float | None, str]

PROMETHEUS = look.DataSourceRef(type_val="prometheus", uid="prometheus")
GREEN, ORANGE, RED, BLUE = "green", "orange", "red", "blue"
# Red is what calls a person, orange what warns, blue what is not known or neither good nor bad.
PLAIN: Steps = {None: BLUE}
UP: Steps = {None: BLUE, 0: RED, 1: GREEN}
UP_OR_WARN: Steps = {None: BLUE, 0: ORANGE, 1: GREEN}
UP_OR_DOWN = {"1": "up", "0": "DOWN"}
LABEL_COLOURS = {"NEGATIVE": RED, "NEUTRAL": BLUE, "POSITIVE": GREEN}
STATUS_COLOURS = {"2xx": GREEN, "3xx": BLUE, "4xx": ORANGE, "5xx": RED}


def up_to(*, warn: float, call: float | None = None) -> Steps:
    """Return steps for a figure that is good while it is small; `warn` and `call` are where alerts begin."""
    return {None: BLUE, 0: GREEN, warn: ORANGE} | ({} if call is None else {call: RED})


def over_time(expr: str, legend: str) -> prometheus.Dataquery:
    """Return a query over the time shown."""
    return _query(expr, legend).range()


def each_minute(expr: str, legend: str) -> prometheus.Dataquery:
    """Return a query over time in steps of a minute or more, for the bars of rare events."""
    return over_time(expr, legend).interval("1m")


def now(expr: str, legend: str = "__auto") -> prometheus.Dataquery:
    """Return a query for the present values only."""
    return _query(expr, legend).instant()


def graph(
    title: str,
    description: str,
    unit: str,
    *queries: prometheus.Dataquery,
    wide: int,
    alerts: Iterable[str] = (),
    stacked: bool = False,
    bars: bool = False,
    limits: Steps | None = None,
    colours: Mapping[str, str] | None = None,
    top: float | None = None,
) -> timeseries.Panel:
    """Return lines from zero; a gap in the data stays a gap, `limits` are dashed lines.

    `colours` are by name of a series, or by regular expression between slashes.
    """
    panel = (
        timeseries.Panel()
        .unit(unit)
        .min(0)
        .legend(_legend(shown=True))
        .tooltip(_tooltip(look.TooltipDisplayMode.MULTI))
        .line_width(1)
        .fill_opacity(60 if stacked or bars else 10)
        .draw_style(look.GraphDrawStyle.BARS if bars else look.GraphDrawStyle.LINE)
        .show_points(look.VisibilityMode.AUTO)
        .span_nulls(False)
    )
    if top is not None:
        panel.max(top)
    if stacked:
        panel.stacking(common.StackingConfig().mode(look.StackingMode.NORMAL).group("A"))
    if limits is not None:
        panel.thresholds(_thresholds({None: "transparent", **limits}))
        panel.thresholds_style(common.GraphThresholdsStyleConfig().mode(look.GraphThresholdsStyleMode.DASHED))
    for name, colour in (colours or {}).items():
        fixed = model.DynamicConfigValue(id_val="color", value={"mode": "fixed", "fixedColor": colour})
        choose = panel.override_by_regexp if name.startswith("/") else panel.override_by_name
        choose(name, [fixed])
    return _finish(panel, title, description, queries, wide, alerts)


def number(
    title: str,
    description: str,
    unit: str,
    *queries: prometheus.Dataquery,
    wide: int,
    empty: str,
    alerts: Iterable[str] = (),
    steps: Steps = PLAIN,
    words: Mapping[str, str] | None = None,
    decimals: int | None = None,
    named: bool = False,
) -> stat.Panel:
    """Return a figure for each series in the colour of its step; `empty` stands for no data.

    Ask with `now`: of a query over time, Grafana shows the last value that there was, however old.
    """
    panel = (
        stat.Panel()
        .unit(unit)
        .no_value(empty)
        .thresholds(_thresholds(steps))
        .color_mode(
            look.BigValueColorMode.VALUE if steps is PLAIN else look.BigValueColorMode.BACKGROUND_SOLID
        )
        .graph_mode(look.BigValueGraphMode.NONE)
        .text_mode(look.BigValueTextMode.NAME if named else look.BigValueTextMode.AUTO)
        .reduce_options(common.ReduceDataOptions().calcs(["last"]))
    )
    if words:
        panel.mappings([_in_words(words)])
    if decimals is not None:
        panel.decimals(decimals)
    return _finish(panel, title, description, queries, wide, alerts)


def reachable(title: str, description: str, expr: str, *, alerts: Iterable[str], wide: int = 4) -> stat.Panel:
    """Return a figure that says whether Prometheus reaches a program: `expr` is 1, or 0, or nothing."""
    return number(
        title,
        description,
        "short",
        now(expr),
        steps=UP,
        words=UP_OR_DOWN,
        empty="not scraped",
        alerts=alerts,
        wide=wide,
    )


def ranking(
    title: str,
    description: str,
    unit: str,
    *queries: prometheus.Dataquery,
    wide: int,
    empty: str,
    alerts: Iterable[str] = (),
    steps: Steps = PLAIN,
    top: float | None = None,
) -> bargauge.Panel:
    """Return a horizontal bar for each series, for its present value."""
    panel = (
        bargauge.Panel()
        .unit(unit)
        .min(0)
        .no_value(empty)
        .thresholds(_thresholds(steps))
        .orientation(look.VizOrientation.HORIZONTAL)
        .display_mode(look.BarGaugeDisplayMode.BASIC)
        .reduce_options(common.ReduceDataOptions().calcs(["last"]))
    )
    if top is not None:
        panel.max(top)
    return _finish(panel, title, description, queries, wide, alerts)


def phases(
    title: str,
    description: str,
    *queries: prometheus.Dataquery,
    wide: int,
    empty: str,
    words: Mapping[str, str],
    steps: Steps,
    alerts: Iterable[str] = (),
) -> statetimeline.Panel:
    """Return a bar over time for each series, coloured by its value; a gap is its absence."""
    panel = (
        statetimeline.Panel()
        .unit("short")
        .no_value(empty)
        .mappings([_in_words(words)])
        .thresholds(_thresholds(steps))
        .color_scheme(dashboard.FieldColor().mode(model.FieldColorModeId.THRESHOLDS))
        .show_value(look.VisibilityMode.NEVER)
        .merge_values(True)
        .legend(_legend(shown=False))
        .tooltip(_tooltip(look.TooltipDisplayMode.SINGLE))
        .span_nulls(False)
    )
    return _finish(panel, title, description, queries, wide, alerts)


def listing(
    title: str,
    description: str,
    unit: str,
    query: prometheus.Dataquery,
    columns: Mapping[str, str],
    *,
    wide: int,
    empty: str,
    alerts: Iterable[str] = (),
) -> table.Panel:
    """Return a table of the labels that `columns` names, under its titles; `Value` is the value."""
    organize = model.DataTransformerConfig(
        id_val="organize",
        options={
            "indexByName": {label: place for place, label in enumerate(columns)},
            "renameByName": dict(columns),
            "excludeByName": {name: True for name in ("Time", "Value") if name not in columns},
        },
    )
    panel = (
        table.Panel()
        .unit(unit)
        .no_value(empty)
        .cell_height(look.TableCellHeight.SM)
        .with_transformation(organize)
        # `empty` is for a table without rows; a single label may be missing as well.
        .override_by_regexp("/.+/", [model.DynamicConfigValue(id_val="noValue", value="–")])
    )
    return _finish(panel, title, description, [query.format(query_model.PromQueryFormat.TABLE)], wide, alerts)


def runbook(anchor: str) -> str:
    """Return the address of a paragraph of the runbook."""
    return f"${{docs}}/docs/runbook.md#{anchor}"


def _finish(
    panel: Built,
    title: str,
    description: str,
    queries: Iterable[prometheus.Dataquery],
    wide: int,
    alerts: Iterable[str],
) -> Built:
    panel.title(title).description(description).span(wide).datasource(PROMETHEUS)
    for letter, query in zip(ascii_uppercase, queries, strict=False):
        panel.with_target(query.ref_id(letter))
    return panel.links(
        [
            dashboard.DashboardLink(f"Runbook: {alert}")
            .type(model.DashboardLinkType.LINK)
            .url(runbook(alert.lower()))
            .target_blank(True)
            for alert in alerts
        ]
    )


def _query(expr: str, legend: str) -> prometheus.Dataquery:
    query = prometheus.Dataquery().expr(expr).legend_format(legend).datasource(PROMETHEUS)
    return query.editor_mode(query_model.QueryEditorMode.CODE)


def _thresholds(steps: Steps) -> dashboard.ThresholdsConfig:
    made = [model.Threshold(value=value, color=colour) for value, colour in steps.items()]
    return dashboard.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(made)


def _in_words(words: Mapping[str, str]) -> model.ValueMap:
    texts = {
        value: model.ValueMappingResult(text=text, index=place)
        for place, (value, text) in enumerate(words.items())
    }
    return model.ValueMap(options=texts)


def _legend(*, shown: bool) -> common.VizLegendOptions:
    return (
        common.VizLegendOptions()
        .show_legend(shown)
        .display_mode(look.LegendDisplayMode.LIST)
        .placement(look.LegendPlacement.BOTTOM)
        .calcs(["last", "max"] if shown else [])
    )


def _tooltip(mode: look.TooltipDisplayMode) -> common.VizTooltipOptions:
    return common.VizTooltipOptions().mode(mode).sort(look.SortOrder.DESCENDING)
