"""HTTP as the app sees it, under the names of prometheus-fastapi-instrumentator."""

from scripts.dashboards.frame import Board, Line, Section, choice
from scripts.dashboards.panels import (
    GREEN,
    ORANGE,
    RED,
    STATUS_COLOURS,
    graph,
    now,
    number,
    over_time,
    ranking,
    reachable,
    up_to,
)
from scripts.dashboards.promql import HTTP, increase, mean, quantile, rate, share

CHOSEN = f'{HTTP},handler=~"$handler",method=~"$method"'
FAILED = f'{CHOSEN},status="5xx"'
HANDLER = f'{HTTP},handler=~"$handler"'

STATE = reachable(
    "App",
    "Whether Prometheus reaches the app.",
    f"min(up{{{HTTP}}})",
    alerts=["AppDown"],
)
RATE = number(
    "Requests",
    "Requests in a second, of the chosen routes and methods.",
    "reqps",
    now(rate("http_requests_total", CHOSEN), "requests"),
    empty="no requests",
    wide=5,
)
ERRORS = number(
    "Error share",
    "Requests that ended in 5xx.",
    "percentunit",
    now(share("http_requests_total", 'status="5xx"', CHOSEN), "5xx"),
    steps=up_to(warn=0.01, call=0.05),
    empty="no requests",
    decimals=2,
    alerts=["ErrorShareHigh"],
    wide=5,
)
REFUSED = number(
    "Refused share",
    "Requests that ended in 4xx: wrong input, no login, too many requests. Much of it is a client's fault "
    "that may be ours to explain.",
    "percentunit",
    now(share("http_requests_total", 'status="4xx"', CHOSEN), "4xx"),
    steps=up_to(warn=0.2),
    empty="no requests",
    decimals=1,
    wide=5,
)
SLOWEST_PERCENT = number(
    "p99",
    "All but one in a hundred requests are faster.",
    "s",
    now(quantile(0.99, "http_request_duration_seconds", CHOSEN), "p99"),
    steps=up_to(warn=0.25),
    empty="no requests",
    alerts=["LatencyHigh"],
    wide=5,
)
BY_HANDLER = graph(
    "Requests by route",
    "Requests in a second by the route's template; none is an address without a route.",
    "reqps",
    over_time(rate("http_requests_total", CHOSEN, "handler"), "{{handler}}"),
    stacked=True,
    wide=12,
)
BY_STATUS = graph(
    "Requests by status",
    "Requests in a second by class of status. A client that left before its answer counts as 4xx.",
    "reqps",
    over_time(rate("http_requests_total", CHOSEN, "status"), "{{status}}"),
    stacked=True,
    colours=STATUS_COLOURS,
    wide=12,
)
LATENCY = graph(
    "Latency",
    "From a request's headers to the end of its answer.",
    "s",
    over_time(quantile(0.99, "http_request_duration_seconds", CHOSEN), "p99"),
    over_time(quantile(0.95, "http_request_duration_seconds", CHOSEN), "p95"),
    over_time(quantile(0.5, "http_request_duration_seconds", CHOSEN), "p50"),
    limits={0.25: ORANGE},
    alerts=["LatencyHigh"],
    wide=12,
)
LATENCY_BY_HANDLER = graph(
    "p99 by route",
    "Which routes the slow requests belong to.",
    "s",
    over_time(quantile(0.99, "http_request_duration_seconds", CHOSEN, "handler"), "{{handler}}"),
    wide=12,
)
BUSIEST = ranking(
    "Where the time goes",
    "Seconds of answering in a second by route, the ten largest: a route that is rare and slow counts as "
    "much as one that is frequent and fast.",
    "percentunit",
    now(f"topk(10, {rate('http_request_duration_seconds_sum', CHOSEN, 'handler')})", "{{handler}}"),
    empty="no requests",
    wide=12,
)
FAILING = ranking(
    "Errors of the last hour by route",
    "Requests that ended in 5xx in the last hour, the ten routes with most of them.",
    "short",
    now(
        f"topk(10, {increase('http_requests_total', FAILED, '1h', 'handler')} > 0)",
        "{{handler}}",
    ),
    steps={None: GREEN, 0: RED},
    empty="no errors",
    alerts=["ErrorShareHigh"],
    wide=12,
)
REQUEST_SIZE = graph(
    "Size of requests",
    "Mean size of a request's body by route, as its headers announce it.",
    "bytes",
    over_time(mean("http_request_size_bytes", HANDLER, "handler"), "{{handler}}"),
    wide=12,
)
RESPONSE_SIZE = graph(
    "Size of answers",
    "Mean size of an answer's body by route, as it was sent.",
    "bytes",
    over_time(mean("http_response_size_bytes", HANDLER, "handler"), "{{handler}}"),
    wide=12,
)
LOGINS = graph(
    "Attempts to log in",
    "Attempts in a minute by outcome. Many refused or throttled ones: somebody guesses passwords.",
    "cpm",
    over_time(f"60 * {rate('login_attempts_total', by='outcome')}", "{{outcome}}"),
    colours={"accepted": GREEN, "refused": ORANGE, "throttled": RED},
    wide=12,
)
CUT = graph(
    "Connections cut",
    "Connections in a minute that a limit closed or refused, by the limit. A steady rise is an attack or a "
    "client that needs help.",
    "cpm",
    over_time(f"60 * {rate('connections_cut_total', by='reason')}", "{{reason}}"),
    wide=12,
)

BOARD = Board(
    name="fastapi",
    title="FastAPI",
    description="HTTP as the app sees it: routes, statuses, time, sizes, logins and connections.",
    variables=[
        choice("handler", "Route", f"label_values(http_requests_total{{{HTTP}}}, handler)"),
        choice("method", "Method", f"label_values(http_requests_total{{{HANDLER}}}, method)"),
    ],
    sections=[
        Section("At a glance", [Line(4, [STATE, RATE, ERRORS, REFUSED, SLOWEST_PERCENT])]),
        Section("Requests", [Line(8, [BY_HANDLER, BY_STATUS])]),
        Section("Time", [Line(8, [LATENCY, LATENCY_BY_HANDLER]), Line(8, [BUSIEST, FAILING])]),
        Section("Sizes", [Line(7, [REQUEST_SIZE, RESPONSE_SIZE])]),
        Section("Limits", [Line(7, [LOGINS, CUT])]),
    ],
)
