"""The frame of a dashboard: sections on the grid, variables, links, deployments as annotations."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

from grafana_foundation_sdk.builders import dashboard as sdk
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard
from scripts.dashboards.panels import PROMETHEUS, PanelBuilder

COLUMNS = 24
TAG = "opinionlens"

# A version that answers now and did not one step ago: a deployment, a step back or a start of the app.
DEPLOYMENT = (
    "max by (model, version) (model_active_info)"
    " unless max by (model, version) (model_active_info offset $__interval)"
)


@dataclass(frozen=True)
class Line:
    """Panels side by side that fill the width of the page."""

    height: int
    panels: Sequence[PanelBuilder]

    def __post_init__(self) -> None:
        widths = [(panel.build().title, _width(panel)) for panel in self.panels]
        if sum(width for _, width in widths) != COLUMNS:
            raise ValueError(f"a line has {COLUMNS} columns, not {widths}")


@dataclass(frozen=True)
class Section:
    """A heading and the lines below it."""

    title: str
    lines: Sequence[Line]


@dataclass(frozen=True)
class Board:
    """One dashboard; `name` is its file and the end of its uid."""

    name: str
    title: str
    description: str
    sections: Sequence[Section]
    variables: Sequence[Builder[dashboard.VariableModel]] = field(default=())
    since: str = "now-6h"
    deployments: bool = True

    def build(self, docs: str) -> dashboard.Dashboard:
        """Return the dashboard; links to the runbook begin with `docs`."""
        frame = (
            sdk.Dashboard(f"OpinionLens / {self.title}")
            .uid(f"opinionlens-{self.name}")
            .description(self.description)
            .tags([TAG])
            .readonly()
            .timezone("browser")
            .tooltip(dashboard.DashboardCursorSync.CROSSHAIR)
            .time(self.since, "now")
            .refresh("30s")
            .links([_other_dashboards(), _runbook()])
            .variables([*self.variables, _docs(docs)])
        )
        if self.deployments:
            frame.annotation(_deployments())
        for placed in self._placed():
            if isinstance(placed, sdk.Row):
                frame.with_row(placed)
            else:
                frame.with_panel(placed)
        return frame.build()

    def json(self, docs: str) -> str:
        """Return the text of the file, the same at every call."""
        return json.dumps(json.loads(JSONEncoder().encode(self.build(docs))), indent=2) + "\n"

    def _placed(self) -> Iterator[PanelBuilder | sdk.Row]:
        numbers, y = count(1), 0
        for section in self.sections:
            row = sdk.Row(section.title).id(next(numbers))
            yield row.grid_pos(dashboard.GridPos(h=1, w=COLUMNS, x=0, y=y))
            y += 1
            for line in section.lines:
                x = 0
                for panel in line.panels:
                    width = _width(panel)
                    place = dashboard.GridPos(h=line.height, w=width, x=x, y=y)
                    yield panel.id(next(numbers)).grid_pos(place)
                    x += width
                y += line.height


def _width(panel: PanelBuilder) -> int:
    place = panel.build().grid_pos
    return place.w if place is not None else COLUMNS


def choice(name: str, label: str, query: str, *, regex: str = "") -> sdk.QueryVariable:
    """Return a variable that a person filters by: any number of the values that `query` finds."""
    everything = dashboard.VariableOption(selected=True, text=["All"], value=["$__all"])
    variable = (
        sdk.QueryVariable(name)
        .label(label)
        .datasource(PROMETHEUS)
        .query(query)
        .definition(query)
        .refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(dashboard.VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        # Without this, a value that comes up later would be left out until the page is loaded again.
        .all_value(".*")
        .current(everything)
    )
    return variable.regex(regex) if regex else variable


def _deployments() -> sdk.AnnotationQuery:
    return (
        sdk.AnnotationQuery()
        .name("Deployments")
        .datasource(PROMETHEUS)
        .expr(DEPLOYMENT)
        .step("15s")
        .title_format("{{model}} {{version}} answers")
        .text_format("A version began to answer: a deployment, a step back or a start of the app.")
        .tag_keys("model,version")
        .icon_color("blue")
    )


def _other_dashboards() -> sdk.DashboardLink:
    return (
        sdk.DashboardLink("Dashboards")
        .type(dashboard.DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .as_dropdown(True)
        .keep_time(True)
    )


def _runbook() -> sdk.DashboardLink:
    return (
        sdk.DashboardLink("Runbook")
        .type(dashboard.DashboardLinkType.LINK)
        .icon("doc")
        .url("${docs}/docs/runbook.md")
        .target_blank(True)
    )


def _docs(address: str) -> sdk.TextBoxVariable:
    option = dashboard.VariableOption(selected=True, text=address, value=address)
    return (
        sdk.TextBoxVariable("docs")
        .label("Docs")
        .description("Where this repository can be read; links to the runbook begin with it.")
        .default_value(address)
        .current(option)
        .options([option])
    )
