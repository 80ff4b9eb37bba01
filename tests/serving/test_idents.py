"""Ids: none twice, whoever draws them."""

import re
import threading

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


def test_a_uuid_says_that_it_is_random():
    idents = Idents()
    drawn = {idents.new_uuid() for _ in range(1_000)}
    assert len(drawn) == 1_000
    assert {ident.version for ident in drawn} == {4}
    assert {ident.variant for ident in drawn} == {"specified in RFC 4122"}
