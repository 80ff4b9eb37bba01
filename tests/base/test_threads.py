"""Threads that an ending process does not wait for."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

import opinionlens
from opinionlens.base.threads import DaemonThreads

SOURCE = Path(opinionlens.__path__[0]).parent

HANGS = """
import threading
from opinionlens.base.threads import DaemonThreads
started = threading.Event()
def hang():
    started.set()
    threading.Event().wait()
threads = DaemonThreads(1, "test")
threads.submit(hang)
started.wait()
threads.shutdown(wait=False)
"""


def test_a_call_that_never_returns_does_not_hold_up_the_end():
    done = subprocess.run(
        [sys.executable, "-c", HANGS], env={"PYTHONPATH": str(SOURCE)}, timeout=60, check=False
    )
    assert done.returncode == 0


def test_results_and_errors_come_back():
    threads = DaemonThreads(2, "test")
    assert threads.submit(divmod, 7, 2).result(20) == (3, 1)
    assert isinstance(threads.submit(divmod, 7, 0).exception(20), ZeroDivisionError)
    assert list(threads.map(abs, range(-100, 0), timeout=20)) == list(range(100, 0, -1))
    threads.shutdown()


def test_no_more_threads_than_said():
    threads = DaemonThreads(3, "test")
    go_on = threading.Event()
    names = [threads.submit(lambda: (go_on.wait(20), threading.current_thread().name)[1]) for _ in range(9)]
    go_on.set()
    assert {name.result(20) for name in names} <= {"test_0", "test_1", "test_2"}
    threads.shutdown()


def test_an_idle_thread_is_used_again():
    threads = DaemonThreads(3, "test")
    for _ in range(20):
        threads.submit(int).result(20)
        while not threads._idle._value:  # the thread has said so
            pass
    assert len(threads._threads) == 1
    threads.shutdown()


def test_cancelled_work_is_not_done():
    threads = DaemonThreads(1, "test")
    go_on, done = threading.Event(), []
    first = threads.submit(go_on.wait, 20)
    second = threads.submit(done.append, 2)
    assert second.cancel()
    go_on.set()
    first.result(20)
    threads.submit(int).result(20)
    assert done == []
    threads.shutdown()


def test_shutting_down_drops_what_waits_and_takes_no_more():
    threads = DaemonThreads(1, "test")
    go_on = threading.Event()
    first = threads.submit(go_on.wait, 20)
    waiting = [threads.submit(int) for _ in range(3)]
    while not first.running():
        pass
    threads.shutdown(wait=False, cancel_futures=True)
    assert all(future.cancelled() for future in waiting)
    with pytest.raises(RuntimeError):
        threads.submit(int)
    go_on.set()
    assert first.result(20)
    threads.shutdown()
    assert not any(thread.is_alive() for thread in threads._threads)
