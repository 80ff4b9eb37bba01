"""Which passwords are taken, and how they are looked at."""

from __future__ import annotations

import asyncio
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from opinionlens.accounts.first_user import make_password
from opinionlens.accounts.passwords import (
    Hasher,
    Passwords,
    PasswordWeak,
    Verified,
    argon2,
    hash_password,
    refuse_weak,
)
from opinionlens.accounts.weakness import weakness_of
from opinionlens.base.errors import ServingBusy


def cheap() -> Hasher:
    return PasswordHash([Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1)])


class TestWeakness:
    @pytest.mark.parametrize(
        "password",
        [
            "password1234",
            "Password2024!!",
            "P@ssw0rd12345",
            "passwordpassword",
            "admin-admin-admin",
            "adminpassword",
            "changeme1234",
            "ChangeMe!ChangeMe!",
            "letmein-letmein",
            "opinionlens1",
            "opinionlens2026",
            "postgrespostgres",
            "123456789012",
            "098765432109",
            "qwertyuiopas",
            "1qaz2wsx3edc",
            "abcdefghijkl",
            "aaaaaaaaaaaa",
            "abababababab",
            "202420242024",
            "tea for two tea for two",
            "correcthorsebatterystaple",
            "iloveyou12345",
            "!!!!!????....",
            "mysecretpassword",
        ],
    )
    def test_what_everybody_tries_is_refused(self, password: str) -> None:
        assert weakness_of(password) is not None

    @pytest.mark.parametrize(
        "password",
        [
            "a fine day for a walk",
            "k7Qz-mp4R-xx2L",
            "tulip trolley seventeen",
            "ежедневная прогулка",
            "correct horse walks by the sea",
            "9f86d081884c7d659a2f",
            "491701234567",
            "Zwölf Boxkämpfer jagen",
        ],
    )
    def test_what_somebody_thought_of_is_taken(self, password: str) -> None:
        assert weakness_of(password, "ann") is None

    def test_short_ones_and_books_are_refused(self) -> None:
        assert weakness_of("k7Qz-mp4R-x") == "must have at least 12 characters"
        assert weakness_of("k7Qz-mp4R-x", least_chars=8) is None
        assert weakness_of("k7Qz-mp4R-xx" * 100) == "may have at most 1,000 characters"

    def test_the_limits_themselves_are_taken(self) -> None:
        assert weakness_of("k7Qz-mp4R-xx") is None
        book = "k7Qz-mp4R-xx" * 83 + "abcd"
        assert weakness_of(book) is None
        assert weakness_of(book + "e") == "may have at most 1,000 characters"

    def test_five_different_characters_are_enough_and_four_are_not(self) -> None:
        assert weakness_of("kzqkkqzzkmqzwk") is None
        assert weakness_of("kzqkkqzzkmqzmk") == "repeats the same few characters"

    def test_six_characters_beside_the_name_are_enough_and_five_are_not(self) -> None:
        assert weakness_of("annabel-k7qz-m", "annabel") is None
        assert weakness_of("annabel-k7qzm", "annabel") is None
        assert weakness_of("annabel-k7qz", "annabel") == "is hardly more than the user's name"

    @pytest.mark.parametrize(
        "password", ["annabel.smith", "Annabel.Smith1", "xannabel.smithx", "annabel.smith annabel.smith"]
    )
    def test_the_name_is_none(self, password: str) -> None:
        assert weakness_of(password, "Annabel.Smith") == "is hardly more than the user's name"
        assert weakness_of("annabel.smith walks by the sea", "Annabel.Smith") is None

    def test_the_one_that_is_made_up_is_taken(self) -> None:
        made = {make_password() for _ in range(200)}
        assert len(made) == 200
        assert [weakness_of(password, "admin") for password in made] == [None] * 200

    @given(st.text(max_size=40), st.text(max_size=10))
    def test_any_text_gets_an_answer_without_itself(self, password: str, name: str) -> None:
        weakness = weakness_of(password, name)
        assert weakness is None or len(password) < 12 or password not in weakness

    def test_the_refusal_does_not_show_it(self) -> None:
        with pytest.raises(PasswordWeak) as refusal:
            refuse_weak("password1234", "ann")
        assert "password1234" not in str(refusal.value)
        assert str(refusal.value).startswith("The password is one of those")


class TestVerifying:
    def test_right_and_wrong(self) -> None:
        async def ask() -> None:
            stored = hash_password(cheap(), "a fine day")
            assert await passwords.verify("a fine day", stored) == Verified(is_right=True)
            assert await passwords.verify("a rainy day", stored) == Verified(is_right=False)

        passwords = Passwords(cheap)
        asyncio.run(ask())
        passwords.close()

    def test_composed_and_decomposed_letters_are_the_same(self) -> None:
        passwords = Passwords(cheap)
        stored = hash_password(cheap(), "Ge\u0301rard's walk")
        assert asyncio.run(passwords.verify("G\u00e9rard's walk", stored)).is_right
        passwords.close()

    def test_other_parameters_give_a_new_hash(self) -> None:
        older = PasswordHash([Argon2Hasher(time_cost=2, memory_cost=16, parallelism=1)])
        passwords = Passwords(cheap)
        verified = asyncio.run(passwords.verify("a fine day", older.hash("a fine day")))
        assert verified.is_right
        assert verified.new_hash is not None
        assert cheap().verify_and_update("a fine day", verified.new_hash) == (True, None)
        passwords.close()

    def test_nobodys_password_is_looked_at_as_long_and_is_never_right(self) -> None:
        looked_at: list[str] = []

        class Watched:
            inner = cheap()

            def hash(self, password: str) -> str:
                return self.inner.hash(password)

            def verify_and_update(self, password: str, hash: str) -> tuple[bool, str | None]:
                looked_at.append(hash)
                return True, None

        passwords = Passwords(Watched)
        stored = cheap().hash("x")
        assert not asyncio.run(passwords.verify("x", None)).is_right
        assert asyncio.run(passwords.verify("x", stored)).is_right
        assert looked_at[1] == stored
        assert looked_at[0].split("$")[:4] == stored.split("$")[:4], "it costs something else"
        passwords.close()

    def test_few_at_a_time_off_the_loop_and_no_endless_queue(self) -> None:
        running = 0
        most = 0
        lock, go_on = threading.Lock(), threading.Event()

        class Slow:
            def hash(self, password: str) -> str:
                return "hash"

            def verify_and_update(self, password: str, hash: str) -> tuple[bool, str | None]:
                nonlocal running, most
                with lock:
                    running += 1
                    most = max(most, running)
                assert go_on.wait(30)
                with lock:
                    running -= 1
                return True, None

        async def crowd() -> list[object]:
            tasks = [asyncio.create_task(passwords.verify("x", "hash")) for _ in range(40)]
            for _ in range(5):
                await asyncio.sleep(0)
            assert sum(task.done() for task in tasks) == 8  # those who are sent away; the loop is free
            go_on.set()
            return list(await asyncio.gather(*tasks, return_exceptions=True))

        passwords = Passwords(Slow)
        answers = asyncio.run(crowd())
        assert most == 2
        assert sum(isinstance(answer, ServingBusy) for answer in answers) == 8
        assert sum(isinstance(answer, Verified) for answer in answers) == 32
        passwords.close()


def test_closing_does_not_wait_for_a_password_that_is_looked_at() -> None:
    begun, goes_on = threading.Event(), threading.Event()

    class Slow:
        def hash(self, password: str) -> str:
            return "hash"

        def verify_and_update(self, password: str, hash: str) -> tuple[bool, str | None]:
            begun.set()
            return goes_on.wait(5), None

    async def ask() -> Verified:
        asked = asyncio.create_task(passwords.verify("x", "hash"))
        assert await asyncio.to_thread(begun.wait, 20)
        passwords.close()
        goes_on.set()
        return await asked

    passwords = Passwords(Slow)
    assert asyncio.run(ask()).is_right


def test_the_real_hasher_is_argon2id_with_memory() -> None:
    stored = hash_password(argon2(), "a fine day")
    assert stored.startswith("$argon2id$v=19$m=47104,t=2,p=1$")
