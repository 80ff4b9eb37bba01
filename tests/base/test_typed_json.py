"""Dataclasses from JSON: each field once, of its own type, and what is wrong said in words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import pytest

from opinionlens.base.typed_json import JsonUnfit, read_dataclass


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Wheel:
    size: float
    spare: bool = False


@dataclass(frozen=True)
class Car:
    name: str
    colour: Colour = Colour.RED
    wheels: tuple[Wheel, ...] = ()
    engine: Wheel | None = None


WHEEL = {"size": 1.5, "spare": True}
CAR = {"name": "one", "colour": "blue", "wheels": [WHEEL], "engine": None}


def test_a_complete_value_is_read_with_its_parts():
    assert read_dataclass(Car, CAR) == Car("one", Colour.BLUE, (Wheel(1.5, True),), None)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "content must be an object"),
        (CAR | {"colour": "green"}, "colour is 'green', none of 'red' or 'blue'"),
        (CAR | {"name": 1}, "name must be a string"),
        (CAR | {"wheels": {}}, "wheels must be an array"),
        (CAR | {"wheels": [WHEEL | {"size": "big"}]}, "wheels[0].size must be a number"),
        (CAR | {"engine": WHEEL | {"spare": 0}}, "engine.spare must be true or false"),
        (CAR | {"doors": 4}, "content has unknown fields: doors"),
        ({}, "content lacks the fields: name"),
        ({key: CAR[key] for key in ("name", "colour", "wheels")}, "content lacks the fields: engine"),
        (CAR | {"wheels": [WHEEL, {"size": 1.0}]}, "wheels[1] lacks the fields: spare"),
        (CAR | {"engine": {"size": 1.0}}, "engine lacks the fields: spare"),
    ],
)
def test_what_does_not_fit_is_said_with_its_place(value, message):
    with pytest.raises(JsonUnfit) as caught:
        read_dataclass(Car, value)
    assert str(caught.value) == message
