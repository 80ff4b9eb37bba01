"""`/admin/try`: two versions on typed texts, without scripts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.support.admin_pages import SECURITY, logged_in, words_in

from opinionlens.base.errors import InputError
from opinionlens.web.services.trial_runs import texts_of_lines


@pytest.fixture(scope="module")
def browser(make_settings: Callable[..., Any]) -> Iterator[TestClient]:
    """A person who has logged in; nothing is registered, so the word list answers."""
    with logged_in(make_settings(groups={"security": SECURITY}), "/admin/try") as client:
        yield client


def send(browser: TestClient, text: str, first: str = "active", second: str = "lexicon") -> Any:
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/admin/try").text)
    assert token
    form = {"csrf_token": token[1], "text": text, "first": first, "second": second}
    return browser.post("/admin/try", data=form)


def test_the_form_offers_what_answers_and_the_word_list(browser: TestClient) -> None:
    page = browser.get("/admin/try").text
    assert re.findall(r'<option value="(\w+)"', page) == ["active", "lexicon"] * 2
    assert re.findall(r'<option value="(\w+)" selected', page) == ["active", "lexicon"]
    turned = browser.get("/admin/try?models=lexicon").text
    assert re.findall(r'<option value="(\w+)" selected', turned) == ["lexicon", "active"]


def test_the_answers_come_back_with_what_was_typed(browser: TestClient) -> None:
    answer = send(browser, "an awful <i>trip</i>\r\n\r\ngreat")
    assert answer.status_code == 200
    assert "an awful &lt;i&gt;trip&lt;/i&gt;\n\ngreat</textarea>" in answer.text
    words = words_in(answer.text)
    assert "They give all 2 texts the same label." in words
    assert "Words that decided awful negative" in words
    assert not re.search(r"\sstyle=|<style|\son\w+=", answer.text)


@pytest.mark.parametrize(
    ("text", "second", "words"),
    [
        (" \n ", "lexicon", "Type or paste a text first."),
        ("great", "active", "Both are the same version."),
        ("great", "opinionlens-7", "opinionlens-7 is not loaded."),
        ("a\n" * 11, "lexicon", "There are 11 lines, and each is a text. Try at most 10 at once."),
    ],
)
def test_what_cannot_be_tried_is_said_beside_the_form(
    browser: TestClient, text: str, second: str, words: str
) -> None:
    answer = send(browser, text, second=second)
    assert answer.status_code in (404, 422)
    assert words in words_in(answer.text)
    assert "<table" not in answer.text


def test_a_script_gets_the_same_as_html(browser: TestClient, client: TestClient) -> None:
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/admin/try").text)
    assert token
    order = {"text": "great & good", "models": ["active", "lexicon"]}
    answer = browser.post("/admin/try/report", json=order, headers={"X-CSRF-Token": token[1]})
    assert answer.status_code == 200
    assert "Both say positive." in answer.json()["html"]
    assert "great &amp; good" in answer.json()["html"]
    assert client.post("/admin/try/report", json=order).status_code == 401
    assert client.get("/admin/try", follow_redirects=False).status_code == 303


def test_each_line_is_a_text() -> None:
    assert texts_of_lines(" one \r\n\ntwo\u2028lines\n", most_chars=10) == ["one", "two\u2028lines"]
    with pytest.raises(InputError, match="Text 2 is 1 character too long"):
        texts_of_lines("one\nfour", most_chars=3)
