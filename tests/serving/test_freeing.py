"""Freeing: only what nobody uses, in slices, and off the caller's thread."""

from __future__ import annotations

import sys
import time
import weakref

from tests.support.waiting import wait_until

from opinionlens.registry import MemoryRegistry, Version
from opinionlens.serving.freeing import SlowFreeing, vocabularies
from opinionlens.serving.store import ModelStore, ServedModel
from opinionlens.serving.yielding import taking_turns


def loaded(store: ModelStore, registry: MemoryRegistry, version: Version) -> ServedModel:
    return store.load(version, registry)


def test_a_model_that_nobody_uses_is_emptied_and_gone(
    store: ModelStore, registry: MemoryRegistry, kind_version: Version
) -> None:
    model = loaded(store, registry, kind_version)
    _, terms, _ = vocabularies(model.classifier)
    assert terms == {"great": 0}
    gone = weakref.ref(model.classifier)
    SlowFreeing()(model)
    del model
    wait_until(lambda: gone() is None)
    assert terms == {}


def test_a_model_that_still_answers_is_left_whole_until_it_is_done(
    store: ModelStore, registry: MemoryRegistry, kind_version: Version
) -> None:
    model = loaded(store, registry, kind_version)
    predict = model.classifier.predict  # as a thread of the pool holds it
    _, terms, _ = vocabularies(model.classifier)
    SlowFreeing()(model)
    del model
    time.sleep(0.3)
    assert predict("great").label == "POSITIVE"
    del predict
    wait_until(lambda: terms == {})


def test_whoever_holds_a_model_for_ever_keeps_it_whole(
    store: ModelStore, registry: MemoryRegistry, kind_version: Version, harsh_version: Version
) -> None:
    freeing = SlowFreeing(wait_seconds=0.1)
    held = loaded(store, registry, kind_version)
    freeing(held)
    other = loaded(store, registry, harsh_version)
    _, terms, _ = vocabularies(other.classifier)
    freeing(other)
    del other
    wait_until(lambda: terms == {})  # the next one's turn came
    assert held.classifier.predict("great").label == "POSITIVE"


def test_activation_hands_the_old_model_on(
    store: ModelStore, registry: MemoryRegistry, kind_version: Version, harsh_version: Version
) -> None:
    freed: list[ServedModel] = []
    store.free = freed.append
    first, second = (loaded(store, registry, version) for version in (kind_version, harsh_version))
    store.activate(first)
    store.activate(first)
    assert freed == []
    store.activate(second)
    assert freed == [first]


def test_turns_are_short_while_somebody_works_and_usual_afterwards() -> None:
    usual = sys.getswitchinterval()
    with taking_turns():
        short = sys.getswitchinterval()
        with taking_turns():
            assert sys.getswitchinterval() == short < usual
        assert sys.getswitchinterval() == short
    assert sys.getswitchinterval() == usual
