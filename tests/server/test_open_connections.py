"""Which connection gives way when there are too many, and how many the system has room for."""

from __future__ import annotations

import resource
from dataclasses import dataclass

import pytest

from opinionlens.server.descriptors import raise_open_files, room_for_connections
from opinionlens.server.open_connections import ConnectionLimits, OpenConnections


@dataclass(eq=False)
class One:
    address: str
    waits_for_client_since: float | None = None


def opened(
    *connections: One, total: int = 4, per_address: int = 2, trusted_proxies: str = "10.0.0.0/8"
) -> OpenConnections[One]:
    limits = ConnectionLimits(total=total, per_address=per_address, trusted_proxies=trusted_proxies)
    all_of_them: OpenConnections[One] = OpenConnections(limits)
    for connection in connections:
        all_of_them.add(connection)
    return all_of_them


def test_there_is_room_up_to_the_limit() -> None:
    assert opened(One("1.1.1.1")).has_room_for(One("1.1.1.1"))
    assert not opened(One("1.1.1.1"), One("1.1.1.1")).has_room_for(One("1.1.1.1"))
    others = [One(f"1.1.1.{number}") for number in range(4)]
    assert opened(*others[:3]).has_room_for(One("2.2.2.2"))
    assert not opened(*others).has_room_for(One("2.2.2.2"))


def test_an_address_makes_room_among_its_own() -> None:
    oldest_of_all, older, newer = One("1.1.1.1", 1.0), One("2.2.2.2", 2.0), One("2.2.2.2", 3.0)
    assert opened(oldest_of_all, newer, older).to_close_for(One("2.2.2.2")) is older


def test_all_together_lose_the_one_that_has_waited_longest() -> None:
    others = [One("1.1.1.1", 3.0), One("1.1.1.2", 1.0), One("1.1.1.3", 2.0), One("1.1.1.4", None)]
    assert opened(*others).to_close_for(One("2.2.2.2")) is others[1]


def test_those_that_are_worked_on_stay() -> None:
    others = [One(f"1.1.1.{number}", None) for number in range(4)]
    assert opened(*others).to_close_for(One("2.2.2.2")) is None


@pytest.mark.parametrize("proxies", ["10.0.0.0/8", "10.1.2.3", "*"])
def test_a_proxy_speaks_for_many(proxies: str) -> None:
    through_it = [One("10.1.2.3", 1.0)] * 1 + [One("10.1.2.3", 2.0), One("10.1.2.3", 3.0)]
    assert opened(*through_it, trusted_proxies=proxies).has_room_for(One("10.1.2.3"))
    through_it.append(One("10.1.2.3", 4.0))
    assert not opened(*through_it, trusted_proxies=proxies).has_room_for(One("10.1.2.3"))


def test_a_household_of_ipv6_is_one_address() -> None:
    assert not opened(One("2001:db8::1"), One("2001:db8::2")).has_room_for(One("2001:db8::3"))
    assert opened(One("2001:db8::1"), One("2001:db8::2")).has_room_for(One("2001:db8:0:1::3"))


def test_one_that_has_gone_frees_its_place() -> None:
    gone, stays = One("1.1.1.1"), One("1.1.1.1")
    some = opened(gone, stays)
    for _ in range(2):  # a second time does no harm
        some.remove(gone)
    assert some.has_room_for(One("1.1.1.1"))
    assert some.every() == [stays]


@pytest.mark.parametrize(
    ("wanted", "open_files", "room"),
    [(1_000, 4_096, 1_000), (1_000, 256, 128), (1_000, 512, 384), (50, 100, 50)],
)
def test_files_are_kept_in_reserve(wanted: int, open_files: int, room: int) -> None:
    assert room_for_connections(wanted, open_files) == room


def test_more_files_are_asked_for_as_far_as_the_system_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: asked.append(limits))
    for limits, expected in [
        ((256, 4_096), 1_128),
        ((256, 512), 512),
        ((256, resource.RLIM_INFINITY), 1_128),
        ((65_536, 65_536), 65_536),
        ((resource.RLIM_INFINITY, resource.RLIM_INFINITY), 1_128),
    ]:
        monkeypatch.setattr(resource, "getrlimit", lambda _, limits=limits: limits)
        assert raise_open_files(1_000) == expected
    assert asked == [(1_128, 4_096), (512, 512), (1_128, resource.RLIM_INFINITY)]


def test_a_limit_that_cannot_be_raised_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """macOS names no upper limit, and refuses what exceeds the one that it has."""

    def refused(kind: int, limits: tuple[int, int]) -> None:
        raise ValueError("current limit exceeds maximum limit")

    monkeypatch.setattr(resource, "setrlimit", refused)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, resource.RLIM_INFINITY))
    assert raise_open_files(1_000) == 256
