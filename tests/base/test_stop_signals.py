"""Signals set an event, at whatever moment they come."""

import os
import signal
import socket
import threading

import pytest

from opinionlens.base.stop_signals import stopped_by_signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_sets_the_event(number):
    before = signal.getsignal(number)
    with stopped_by_signals() as stop:
        assert not stop.is_set()
        os.kill(os.getpid(), number)
        assert stop.wait(10)
    assert signal.getsignal(number) is before


@pytest.mark.timeout(20)
def test_a_signal_amid_a_wait_does_not_hang():
    """In each `wait` the main thread holds the event's own lock for a moment."""
    with stopped_by_signals() as stop:
        with stop._cond:
            os.kill(os.getpid(), signal.SIGTERM)
            for _ in range(1_000):  # where the handler runs
                pass
        assert stop.wait(10)


@pytest.mark.timeout(20)
def test_a_signal_that_does_not_wake_the_main_thread_is_heard():
    """One that comes right before a wait does not end it, nor one that another thread gets."""
    with stopped_by_signals() as stop:
        sender = threading.Timer(0.2, lambda: signal.pthread_kill(threading.get_ident(), signal.SIGTERM))
        sender.start()
        assert stop.wait(10)
        sender.join()


def test_the_wakeup_of_others_is_given_back():
    with socket.socket() as other:
        other.setblocking(False)
        before = signal.set_wakeup_fd(other.fileno())
        try:
            with stopped_by_signals():
                pass
            assert signal.set_wakeup_fd(other.fileno()) == other.fileno()
        finally:
            signal.set_wakeup_fd(before)


def test_no_thread_is_left():
    with stopped_by_signals():
        pass
    for thread in threading.enumerate():
        if thread.name == "stop-signals":
            thread.join(10)
            assert not thread.is_alive()
