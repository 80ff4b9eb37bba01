"""Fits in processes of their own: results, errors, an early end."""

from __future__ import annotations

import math
import multiprocessing
import operator
import os
import time

import pytest

from opinionlens.base.errors import StageFailed
from opinionlens.pipeline.fit_processes import fit_processes

pytestmark = pytest.mark.slow


def test_results_come_in_the_order_of_the_calls():
    with fit_processes(2) as fits:
        assert list(fits.run_each(math.pow, [(2, 3), (3, 2), (1, 1)])) == [8, 9, 1]
        assert fits.run(os.getpid) != os.getpid()


def test_an_error_is_that_of_the_call():
    with fit_processes(1) as fits, pytest.raises(ZeroDivisionError):
        fits.run(operator.truediv, 1, 0)


def test_a_process_that_ends_by_itself_is_told():
    with fit_processes(1) as fits, pytest.raises(StageFailed, match="too little memory"):
        fits.run(os._exit, 9)


def test_the_end_of_the_block_ends_what_still_runs():
    before = set(multiprocessing.active_children())
    started = time.monotonic()
    with fit_processes(1) as fits:
        fits.pool.apply_async(time.sleep, (600,))
    assert time.monotonic() - started < 60
    assert set(multiprocessing.active_children()) <= before
