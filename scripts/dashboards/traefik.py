"""What comes through the proxy, also what never reaches the app."""

from scripts.dashboards.frame import Board, Line, Section, choice
from scripts.dashboards.panels import (
    BLUE,
    GREEN,
    ORANGE,
    RED,
    STATUS_COLOURS,
    graph,
    now,
    number,
    over_time,
    reachable,
    up_to,
)
from scripts.dashboards.promql import quantile, rate, share

JOB = 'job="traefik"'
ENTRY = f'{JOB},entrypoint=~"$entrypoint"'
LIMITED_HERE = f'{ENTRY},code="429"'
SERVICE = f'{JOB},service=~"$service"'

STATE = reachable(
    "Traefik",
    "Whether Prometheus reaches the proxy.",
    f"min(up{{{JOB}}})",
    alerts=["ScrapeTargetDown"],
)
REQUESTS = number(
    "Requests",
    "Requests in a second at the chosen entry points.",
    "reqps",
    now(rate("traefik_entrypoint_requests_total", ENTRY), "requests"),
    empty="no requests",
    wide=5,
)
ERRORS = number(
    "Error share",
    "Answers 5xx at the entry points, those of Traefik itself among them: 502 and 504 mean that a service "
    "did not answer.",
    "percentunit",
    now(share("traefik_entrypoint_requests_total", 'code=~"5.."', ENTRY), "5xx"),
    steps=up_to(warn=0.01, call=0.05),
    empty="no requests",
    decimals=2,
    alerts=["ErrorShareHigh"],
    wide=5,
)
LIMITED = number(
    "Rate-limited",
    "Answers 429 in a second: clients above the rate limit of their address.",
    "reqps",
    now(
        f"{rate('traefik_entrypoint_requests_total', LIMITED_HERE)}"
        f" or 0 * {rate('traefik_entrypoint_requests_total', ENTRY)}",
        "429",
    ),
    steps=up_to(warn=1),
    empty="no requests",
    wide=5,
)
CERTIFICATE = number(
    "Certificate expires in",
    "Time until the first certificate expires. None where Traefik serves plain HTTP, as on one's own "
    "machine.",
    "s",
    now("min(cn_sans:certificate_left:seconds)"),
    # Below every number of seconds there is, so that no certificate is no alarm.
    steps={None: BLUE, -1e10: RED, 3 * 86400: ORANGE, 14 * 86400: GREEN},
    empty="no certificate",
    alerts=["CertificateExpiring"],
    wide=5,
)
BY_CODE = graph(
    "Requests by status",
    "Requests in a second at the entry points by status.",
    "reqps",
    over_time(rate("traefik_entrypoint_requests_total", ENTRY, "code"), "{{code}}"),
    stacked=True,
    colours={f"/^{name[0]}..$/": colour for name, colour in STATUS_COLOURS.items()},
    wide=12,
)
BY_SERVICE = graph(
    "Requests by service",
    "Requests in a second that were passed on, by service.",
    "reqps",
    over_time(rate("traefik_service_requests_total", SERVICE, "service"), "{{service}}"),
    stacked=True,
    wide=12,
)
SERVICE_ERRORS = graph(
    "Error share by service",
    "Answers 5xx of each service, as the proxy saw them.",
    "percentunit",
    over_time(share("traefik_service_requests_total", 'code=~"5.."', SERVICE, "service"), "{{service}}"),
    limits={0.05: RED},
    alerts=["ErrorShareHigh"],
    wide=12,
)
SERVICE_TIME = graph(
    "p99 by service",
    "Time from the proxy's question to the end of the service's answer. Where it is much longer than the "
    "app's own p99, requests wait in between.",
    "s",
    over_time(quantile(0.99, "traefik_service_request_duration_seconds", SERVICE, "service"), "{{service}}"),
    alerts=["LatencyHigh"],
    wide=12,
)
RETRIES = graph(
    "Retries",
    "Requests in a minute that were asked of a service again. Users saw none of it, but something failed.",
    "cpm",
    over_time(
        f"60 * {rate('traefik_service_retries_total', SERVICE, 'service')}"
        f" or 0 * {rate('traefik_service_requests_total', SERVICE, 'service')}",
        "{{service}}",
    ),
    wide=12,
)
CONNECTIONS = graph(
    "Open connections",
    "Connections that clients hold open, by entry point.",
    "short",
    over_time(f"sum by (entrypoint) (traefik_open_connections{{{ENTRY}}})", "{{entrypoint}}"),
    wide=12,
)
TRAFFIC = graph(
    "Traffic",
    "Bytes in a second that came in and went out at the entry points.",
    "Bps",
    over_time(rate("traefik_entrypoint_requests_bytes_total", ENTRY), "in"),
    over_time(rate("traefik_entrypoint_responses_bytes_total", ENTRY), "out"),
    wide=18,
)
RELOADS = number(
    "Configuration read",
    "Time since Traefik last took over its configuration. After a change of its files this must be short: "
    "a file with a fault is only logged.",
    "s",
    now(f"time() - max(traefik_config_last_reload_success{{{JOB}}})"),
    empty="never",
    wide=6,
)

BOARD = Board(
    name="traefik",
    title="Traefik",
    description="What comes through the proxy, also what never reaches the app.",
    variables=[
        choice(
            "entrypoint",
            "Entry point",
            f"label_values(traefik_entrypoint_requests_total{{{JOB}}}, entrypoint)",
        ),
        choice("service", "Service", f"label_values(traefik_service_requests_total{{{JOB}}}, service)"),
    ],
    sections=[
        Section("At a glance", [Line(4, [STATE, REQUESTS, ERRORS, LIMITED, CERTIFICATE])]),
        Section("Requests", [Line(8, [BY_CODE, BY_SERVICE])]),
        Section("Services", [Line(8, [SERVICE_ERRORS, SERVICE_TIME]), Line(7, [RETRIES, CONNECTIONS])]),
        Section("Traffic and configuration", [Line(7, [TRAFFIC, RELOADS])]),
    ],
)
