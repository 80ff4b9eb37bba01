"""Bound of the tests that CI tries a second time (docs/decisions/0038)."""

import pytest

# More than this is no accident of a busy machine.
MOST_RERUNS = 5


def _rerun(config):
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return [] if reporter is None else reporter.stats.get("rerun", [])


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    """Fail a run in which too many tests passed at the second try only."""
    if len(_rerun(session.config)) > MOST_RERUNS:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter, config):
    """Name the tests that were tried a second time."""
    names = [report.nodeid for report in _rerun(config)]
    if names:
        terminalreporter.section("unsteady")
        terminalreporter.write_line(
            f"{len(names)} failed at first and were tried again"
            f" ({MOST_RERUNS} may be; each is a fault to mend):"
        )
        for name in names:
            terminalreporter.write_line(f"UNSTEADY {name}")
