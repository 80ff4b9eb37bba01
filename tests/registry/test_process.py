"""The child process: when it starts, when it ends, and what a caller sees of its troubles.

The children here are small scripts that speak the worker's lines; the worker itself is in the contract suite.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.support.waiting import wait_until

from opinionlens.base.errors import RegistryError, RegistryUnavailable, VersionNotFound
from opinionlens.registry import ProcessLimits, ProcessRegistry, Version
from opinionlens.registry.environment import child_environment
from opinionlens.registry.failures import CHECK_ADDRESS

# Answers `names` with its process id, counts its own starts, and does as `behaviour` says with the rest.
CHILD = """
import json, os, sys, time
from pathlib import Path

starts = Path({starts!r})
starts.write_text(starts.read_text() + "x" if starts.exists() else "x")

def say(number, **reply):
    print(json.dumps(dict(id=number, **reply)), flush=True)

for line in sys.stdin:
    request = json.loads(line)
    number, method, arguments = request["id"], request["method"], request["arguments"]
    if method == "open":
        {opening}
    elif method == "names":
        say(number, result=[str(os.getpid())])
    else:
        {behaviour}
"""


def child_script(starts: Path, opening: str, behaviour: str) -> str:
    lines = textwrap.indent(textwrap.dedent(behaviour).strip(), " " * 8).lstrip()
    return CHILD.format(starts=str(starts), opening=opening, behaviour=lines)


Make = Callable[..., ProcessRegistry]

VERSION = Version("m", 1, "a" * 64, None, datetime.now(UTC), None, (), {}, True, None, {})


@pytest.fixture
def starts(tmp_path: Path) -> Path:
    return tmp_path / "starts"


@pytest.fixture
def make(starts: Path) -> Iterator[Make]:
    made: list[ProcessRegistry] = []

    def make(
        behaviour: str = "pass", opening: str = "say(number, result='ready')", **limits: float
    ) -> ProcessRegistry:
        script = child_script(starts, opening, behaviour)
        allowed = ProcessLimits(**{"start": 20, "call": 20, **limits})
        registry = ProcessRegistry("http://x", limits=allowed, command=[sys.executable, "-ISc", script])
        made.append(registry)
        return registry

    yield make
    for registry in made:
        registry.close()


def pid(registry: ProcessRegistry) -> int:
    return int(registry.names()[0])


def is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def test_nothing_is_started_before_the_first_call(make, starts):
    registry = make()
    assert not starts.exists()

    assert pid(registry) == pid(registry)
    assert starts.read_text() == "x"


def test_a_call_that_hangs_costs_the_child_its_life_and_the_next_starts_another(make, starts):
    registry = make("time.sleep(60)", call=0.3)
    first = pid(registry)

    began = time.monotonic()
    with pytest.raises(RegistryUnavailable, match=r"within 0\.3 s"):
        registry.versions("m")

    assert time.monotonic() - began < 10
    assert not is_running(first)
    assert pid(registry) != first
    assert starts.read_text() == "xx"


def test_a_child_that_never_gets_ready_is_given_up(make):
    registry = make(opening="time.sleep(60)", start=0.3)

    with pytest.raises(RegistryUnavailable, match=r"start within 0\.3 s"):
        registry.names()


def test_a_child_that_dies_leaves_its_last_words(make):
    registry = make("sys.stderr.write('out of memory\\\\n'); sys.exit(1)")

    with pytest.raises(RegistryUnavailable, match="out of memory"):
        registry.versions("m")
    assert is_running(pid(registry))


def test_a_child_that_died_between_two_calls_is_replaced(make):
    registry = make()
    first = pid(registry)
    os.kill(first, 9)
    wait_until(lambda: not is_running(first))

    assert pid(registry) != first


def test_a_command_that_cannot_be_started_is_unavailable():
    with (
        ProcessRegistry("http://x", command=["/nowhere/python"]) as registry,
        pytest.raises(RegistryUnavailable, match="started"),
    ):
        registry.names()


def test_a_command_that_ends_at_once_is_unavailable(make):
    with (
        ProcessRegistry("http://x", command=[sys.executable, "-ISc", "pass"]) as registry,
        pytest.raises(RegistryUnavailable, match="end"),
    ):
        registry.names()


def test_the_setting_with_the_address_is_named_where_it_is_known(starts):
    away = {"type": "RegistryUnavailable", "what": "Away.", "where": "http://x", "remedy": CHECK_ADDRESS}
    script = child_script(starts, "say(number, result='ready')", f"say(number, error={away!r})")
    command = [sys.executable, "-ISc", script]
    with (
        ProcessRegistry("http://x", command=command, setting="MLFLOW_TRACKING_URI") as registry,
        pytest.raises(RegistryUnavailable, match="MLFLOW_TRACKING_URI is its address"),
    ):
        registry.version("m", 1)


def test_errors_of_the_child_arrive_as_they_were(make):
    error = {"type": "VersionNotFound", "what": "No such version.", "where": "m", "remedy": "Look."}
    registry = make(f"say(number, error={error!r})")

    with pytest.raises(VersionNotFound) as raised:
        registry.version("m", 1)
    assert (raised.value.what, raised.value.where, raised.value.remedy) == ("No such version.", "m", "Look.")


def test_an_error_at_the_opening_is_told_to_the_caller(make):
    error = {"type": "RegistryError", "what": "MLflow is not installed.", "where": None, "remedy": None}
    registry = make(opening=f"say(number, error={error!r}); sys.exit()")

    with pytest.raises(RegistryError, match="not installed"):
        registry.names()


def test_what_else_is_printed_does_no_harm(make):
    registry = make("print('View run at http://x'); say(number, result=[])")

    assert registry.versions("m") == []


def test_a_slow_call_does_not_delay_another(make, tmp_path):
    """The child answers the first question only after the second, as the worker's threads may."""
    asked = tmp_path / "asked"
    registry = make(
        f"""
        if method == "versions":
            late = number
            Path({str(asked)!r}).touch()
        else:
            say(number, result=None)
            say(late, result=[])
        """
    )
    with ThreadPoolExecutor(2) as pool:
        waiting = pool.submit(registry.versions, "m")
        wait_until(asked.exists)
        registry.set_alias("m", "champion", 1)

        assert waiting.result(20) == []


def test_many_threads_share_one_child(make, starts):
    registry = make("say(number, result=arguments['run_id'] == 'even')")
    asked = ["even", "odd"] * 50
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(registry.has_run, asked))

    assert answers == [run_id == "even" for run_id in asked]
    assert starts.read_text() == "x"


# Never answers `versions`, and `has_run` only when the file is there.
WORKING = """
    if method == "has_run":
        late = number
        Path({asked!r}).touch()
        def wait(late=late):
            while not Path({go_on!r}).exists():
                time.sleep(0.01)
            say(late, result=True)
        import threading
        threading.Thread(target=wait).start()
"""


def test_calls_that_all_hang_end_their_child(make):
    registry = make("pass", call=0.5)
    first = pid(registry)
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(registry.versions, "m") for _ in range(4)]

        for answer in waiting:
            with pytest.raises(RegistryUnavailable):
                answer.result(30)
    assert not is_running(first)


def test_a_call_that_hangs_costs_no_other_call_its_answer(make, starts, tmp_path):
    """As a list of versions that hangs while a classifier is fetched."""
    asked, go_on = tmp_path / "asked", tmp_path / "go_on"
    registry = make(WORKING.format(asked=str(asked), go_on=str(go_on)), call=20)
    first = pid(registry)
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(registry.has_run, "r")
        wait_until(asked.exists)
        registry._limits = ProcessLimits(start=20, call=0.3)
        for _ in range(2):
            with pytest.raises(RegistryUnavailable, match=r"within 0\.3 s"):
                registry.versions("m")
        registry._limits = ProcessLimits(start=20, call=20)
        assert is_running(first)
        assert pid(registry) != first  # the next calls have another child
        go_on.touch()
        assert working.result(20) is True
    wait_until(lambda: not is_running(first))
    assert starts.read_text() == "xxx"


def test_children_that_work_on_are_few_and_end_with_the_registry(make, starts, tmp_path):
    registry = make("pass", call=0.3, transfer=60)
    children = []
    with ThreadPoolExecutor(4) as pool:
        for number in range(4):
            children.append(pid(registry))
            pool.submit(registry.download, VERSION, tmp_path / str(number))
            wait_until(lambda: registry._child is not None and not registry._child.idle)
            with pytest.raises(RegistryUnavailable):
                registry.versions("m")
        assert len(set(children)) == 3  # two that work on, and the one that also takes new calls
        registry.close()
    assert not any(map(is_running, children))


def test_a_call_may_take_long_while_its_requests_are_answered(make):
    behaviour = """
    for _ in range(6):
        time.sleep(0.25)
        say(number, progress=True)
    say(number, result=[])
    """
    assert make(behaviour, call=1).versions("m") == []


def test_progress_without_end_has_an_end(make):
    behaviour = """
    while True:
        time.sleep(0.1)
        say(number, progress=True)
    """
    began = time.monotonic()
    with pytest.raises(RegistryUnavailable):
        make(behaviour, call=1, transfer=2).versions("m")
    assert time.monotonic() - began < 20


def test_the_limits_of_the_app_let_a_slow_registry_answer_late():
    limits = ProcessLimits()
    assert (limits.start, limits.call, limits.transfer, limits.idle) == (120, 35, 3_600, 300)
    # Both tries of a request and the pause between them end before this process gives the call up.
    assert child_environment(limits.call, None)["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "15"
    assert child_environment(limits.call, None)["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "1"


def test_an_idle_child_is_ended_and_the_next_call_starts_another(make, starts):
    registry = make(idle=0.2)
    first = pid(registry)

    wait_until(lambda: not is_running(first))
    assert pid(registry) != first
    assert starts.read_text() == "xx"


def test_a_child_that_is_used_is_not_idle(make, starts):
    registry = make(idle=0.5)
    for _ in range(12):
        registry.names()
        time.sleep(0.1)

    assert starts.read_text() == "x"


def test_a_child_that_works_is_not_idle(make, starts):
    registry = make("time.sleep(1); say(number, result=[])", idle=0.2)

    assert registry.versions("m") == []
    assert starts.read_text() == "x"


def test_closing_ends_the_child_and_may_be_repeated(make):
    registry = make()
    first = pid(registry)

    registry.close()
    registry.close()

    assert not is_running(first)
    assert pid(registry) != first


def test_a_child_that_will_not_end_is_killed(make, tmp_path):
    asked = tmp_path / "asked"
    registry = make(f"Path({str(asked)!r}).touch(); time.sleep(60)")
    first = pid(registry)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(registry.versions, "m")
        wait_until(asked.exists)

        registry.close()

        assert not is_running(first)
        with pytest.raises(RegistryUnavailable, match="ended"):
            waiting.result(20)


def test_the_child_ends_with_its_parent(starts):
    script = child_script(starts, "say(number, result='ready')", "pass")
    parent = textwrap.dedent(
        f"""
        import os, sys
        from opinionlens.registry import ProcessRegistry
        registry = ProcessRegistry("http://x", command=[sys.executable, "-ISc", {script!r}])
        print(registry.names()[0], flush=True)
        os._exit(1)
        """
    )
    said = subprocess.run([sys.executable, "-c", parent], capture_output=True, text=True, check=False)

    wait_until(lambda: not is_running(int(said.stdout)))


def test_without_mlflow_the_worker_says_so(tmp_path, monkeypatch):
    (tmp_path / "mlflow.py").write_text("raise ImportError('no mlflow here')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    with (
        ProcessRegistry("http://x") as registry,
        pytest.raises(RegistryError, match="MLflow is not installed"),
    ):
        registry.names()


def test_this_process_never_imports_mlflow(tmp_path):
    script = """
    import sys
    import opinionlens.registry, opinionlens.tracking
    import opinionlens.registry.mlflow, opinionlens.tracking.mlflow
    from opinionlens.base.errors import RegistryUnavailable
    registry = opinionlens.registry.ProcessRegistry("sqlite:///none.db", command=["/nowhere/python"])
    try:
        registry.names()
    except RegistryUnavailable:
        pass
    heavy = {"mlflow", "sqlalchemy", "pandas", "numpy", "yaml", "requests", "sklearn"}
    print(sorted(heavy & set(sys.modules)))
    """
    said = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )

    assert (said.stdout, said.stderr) == ("[]\n", "")
    assert list(tmp_path.iterdir()) == []
