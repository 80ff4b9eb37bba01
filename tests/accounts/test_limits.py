"""Throttle and rate limit: what they count, and for whom."""

from __future__ import annotations

import pytest

from opinionlens.accounts.errors import TooManyRequests
from opinionlens.accounts.rate_limit import RateLimit
from opinionlens.accounts.recent_attempts import RecentAttempts
from opinionlens.accounts.throttle import is_too_many
from opinionlens.storage.login_attempts import Attempts
from opinionlens.web.http.client_address import counted_as


@pytest.mark.parametrize(
    ("on_account", "from_address", "of_pair", "refused"),
    [
        (1, 1, 1, False),
        (6, 6, 6, False),
        (7, 7, 7, True),
        (1, 30, 1, False),
        (1, 31, 1, True),
        (60, 4, 4, False),
        (61, 4, 4, True),
        (1_000_000, 1, 1, False),  # the owner, from an address that nobody guesses from
        (1_000_000, 3, 3, False),
    ],
)
def test_attempts(on_account: int, from_address: int, of_pair: int, refused: bool) -> None:
    assert is_too_many(Attempts(on_account, from_address, of_pair)) is refused


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_a_household_counts_as_one(address: str, counted: str) -> None:
    assert counted_as(address) == counted


class Clock:
    now = 7.0

    def __call__(self) -> float:
        return self.now


class TestRateLimit:
    def test_lets_as_many_pass_as_may_within_any_minute(self) -> None:
        clock = Clock()
        limit = RateLimit(3, clock=clock)
        for _ in range(3):
            limit.check("a")
            clock.now += 10
        with pytest.raises(TooManyRequests) as refusal:
            limit.check("a")
        assert refusal.value.headers == {"Retry-After": "31"}
        clock.now += 1
        with pytest.raises(TooManyRequests) as refusal:
            limit.check("a")
        assert refusal.value.headers == {"Retry-After": "30"}
        clock.now -= 1
        limit.check("b")
        clock.now += 30
        limit.check("a")
        with pytest.raises(TooManyRequests):
            limit.check("a")

    def test_what_was_refused_does_not_count(self) -> None:
        clock = Clock()
        limit = RateLimit(1, clock=clock)
        limit.check("a")
        for _ in range(59):
            clock.now += 1
            with pytest.raises(TooManyRequests):
                limit.check("a")
        clock.now += 1
        limit.check("a")

    def test_remembers_only_so_many_addresses(self) -> None:
        limit = RateLimit(1, clock=Clock(), most_addresses=2)
        for address in ("a", "b", "c"):
            limit.check(address)
        assert len(limit._seen) == 2
        limit.check("a")  # forgotten, so it passes
        with pytest.raises(TooManyRequests):
            limit.check("c")

    def test_ten_thousand_addresses_are_remembered(self) -> None:
        limit = RateLimit(1, clock=Clock())
        for number in range(10_000):
            limit.check(f"a{number}")
        with pytest.raises(TooManyRequests):
            limit.check("a0")  # now the last seen
        limit.check("one more")
        limit.check("a1")  # forgotten, so it passes
        with pytest.raises(TooManyRequests):
            limit.check("a0")

    @pytest.mark.parametrize(("seconds", "said"), [(1, "1"), (0, "1"), (-3, "1"), (61, "61")])
    def test_nobody_is_told_to_come_back_at_once(self, seconds: int, said: str) -> None:
        assert TooManyRequests("Too many.", seconds=seconds).headers == {"Retry-After": said}


class TestRecentAttempts:
    def test_counts_like_the_database(self) -> None:
        clock = Clock()
        recent = RecentAttempts(300, clock=clock)
        assert recent.count(1, "a") == Attempts(1, 1, 1)
        for account, address in ((1, "a"), (1, "b"), (2, "a")):
            recent.add(account, address)
        assert recent.count(1, "a") == Attempts(3, 3, 2)
        assert recent.count(3, "c") == Attempts(1, 1, 1)
        clock.now += 300
        assert recent.count(1, "a") == Attempts(1, 1, 1)

    def test_forgives_a_pair(self) -> None:
        recent = RecentAttempts(300, clock=Clock())
        for account, address in ((1, "a"), (1, "a"), (1, "b"), (2, "a")):
            recent.add(account, address)
        recent.forgive(1, "a")
        assert recent.count(1, "a") == Attempts(2, 2, 1)
        recent.forgive(9, "z")

    def test_is_bounded_whatever_comes(self) -> None:
        recent = RecentAttempts(300, clock=Clock(), most_addresses=10, most_accounts=20)
        for number in range(1_000):
            recent.add(number, f"address {number}")
            recent.add(0, "one")
        assert len(recent._addresses) == 10
        assert len(recent._accounts) == 20
        assert recent.count(0, "one") == Attempts(65, 65, 65)

    def test_an_address_that_goes_on_is_not_forgotten(self) -> None:
        recent = RecentAttempts(300, clock=Clock(), most_addresses=2)
        for number in range(10):
            recent.add(1, "guesser")
            recent.add(number, f"address {number}")
        assert recent.count(1, "guesser").from_address == 11
