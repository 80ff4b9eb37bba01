"""The garbage collector's pause ends with the block, however that ends."""

import gc

import pytest

from opinionlens.base.collecting import no_collections


def test_the_collector_is_off_within_the_block():
    with no_collections():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_an_error_turns_it_on_again():
    with pytest.raises(ZeroDivisionError), no_collections():
        raise ZeroDivisionError
    assert gc.isenabled()


def test_what_was_off_stays_off():
    with no_collections():
        with no_collections():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
