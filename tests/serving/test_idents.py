"""Ids: none twice, whoever draws them."""

import re
import threading
import time
from functools import reduce
from operator import and_, or_

from opinionlens.jobs.shadow_run import is_in_share
from opinionlens.serving.idents import Idents


def test_no_id_comes_twice_among_threads():
    idents, drawn = Idents(), []
    threads = [
        threading.Thread(target=lambda: drawn.extend([idents.new_hex() for _ in range(2_000)]))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(drawn)) == len(drawn) == 8_000
    assert all(re.fullmatch(r"[0-9a-f]{32}", ident) for ident in drawn)


def test_a_uuid_says_when_it_was_drawn(monkeypatch):
    # 2026-11-29 20:15:30.123456789 UTC; of that the milliseconds stand in the first 48 bits.
    monkeypatch.setattr(time, "time_ns", lambda: 1_795_983_330_123_456_789)
    drawn = {Idents().new_uuid() for _ in range(1_000)}
    assert len(drawn) == 1_000
    assert {ident.int >> 80 for ident in drawn} == {1_795_983_330_123}
    assert {ident.version for ident in drawn} == {7}
    assert {ident.variant for ident in drawn} == {"specified in RFC 4122"}


def test_later_uuids_sort_behind_earlier_ones(monkeypatch):
    idents, clock = Idents(), iter(range(1_795_983_330_123, 1_795_983_331_123))
    monkeypatch.setattr(time, "time_ns", lambda: next(clock) * 1_000_000)
    drawn = [idents.new_uuid() for _ in range(1_000)]
    assert sorted(drawn, key=str) == sorted(drawn) == drawn


def test_all_else_in_a_uuid_is_random():
    drawn = [Idents().new_uuid().int & (1 << 80) - 1 for _ in range(2_000)]
    always, ever = reduce(and_, drawn), reduce(or_, drawn)
    # Version and variant are the same in each; each of the other 74 bits was once set and once not.
    assert always == 0x7 << 76 | 0b10 << 62
    assert ever == (1 << 80) - 1 & ~(0x8 << 76) & ~(0b01 << 62)


def test_the_share_of_a_challenger_is_taken_of_random_bits():
    idents = [Idents().new_uuid() for _ in range(4_000)]
    # Of 4,000 a tenth, to five standard deviations.
    assert 305 <= sum(is_in_share(one, 0.1) for one in idents) <= 495
