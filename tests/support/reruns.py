"""Bound of the tests that CI tries a second time (docs/decisions/0038)."""

import pytest

# More than this is no accident of a busy machine.
MOST_RERUNS = 5
# Of what the first try said: its end tells what was wrong.
_MOST_CHARS = 3_000


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
    again = _rerun(config)
    if again:
        terminalreporter.section("unsteady")
        terminalreporter.write_line(
            f"{len(again)} failed at first (of {MOST_RERUNS} that may); each is a fault to mend:"
        )
        for report in again:
            terminalreporter.write_line(f"UNSTEADY {report.nodeid}")
            terminalreporter.write_line(report.longreprtext[-_MOST_CHARS:])
