"""PromQL that several panels need in the same form: nothing asked is a gap, not a zero and not a NaN."""

# The app's own jobs; one scrapes what the requests' middleware counts, the other what the models count.
HTTP = 'job="opinionlens-fastapi"'
# Questions of machines about the app itself would thin out the share of errors and flatter the latency.
PEOPLE = f'{HTTP},handler!~"/metrics|/api/v1/metrics|/health|/ready"'


def rate(metric: str, matchers: str = "", by: str = "") -> str:
    """Return the increase of a counter per second, summed."""
    return f"{_sum(by)}(rate({metric}{_braced(matchers)}[$__rate_interval]))"


def increase(metric: str, matchers: str, window: str, by: str = "") -> str:
    """Return the increase of a counter over a window, summed."""
    return f"{_sum(by)}(increase({metric}{_braced(matchers)}[{window}]))"


def gained(counter: str, matchers: str = "", by: str = "") -> str:
    """Return the exact increase of a counter in each step of a graph; `increase` would extrapolate."""
    series = f"{counter}{_braced(matchers)}"
    return f"clamp_min({_sum(by)}({series}) - {_sum(by)}({series} offset $__interval), 0)"


def share(metric: str, part: str, whole: str = "", by: str = "") -> str:
    """Return the share of `part` in a counter's rate: 0 for none of it, nothing without any rate."""
    every = rate(metric, whole, by)
    some = rate(metric, ",".join(filter(None, (whole, part))), by)
    return f"({some} or 0 * {every}) / ({every} > 0)"


def quantile(level: float, histogram: str, matchers: str = "", by: str = "") -> str:
    """Return a quantile of a histogram, nothing while nothing is observed."""
    labels = ", ".join(filter(None, ("le", by)))
    buckets = f"rate({histogram}_bucket{_braced(matchers)}[$__rate_interval])"
    return f"histogram_quantile({level}, sum by ({labels}) ({buckets})) >= 0"


def mean(summary: str, matchers: str = "", by: str = "") -> str:
    """Return the mean of what a histogram or summary observed, nothing while nothing is observed."""
    return f"{rate(f'{summary}_sum', matchers, by)} / ({rate(f'{summary}_count', matchers, by)} > 0)"


def _sum(by: str) -> str:
    return f"sum by ({by}) " if by else "sum"


def _braced(matchers: str) -> str:
    return f"{{{matchers}}}" if matchers else ""
