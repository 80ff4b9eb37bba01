"""The review queue: keys, buttons without scripts, light, dark, on a phone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.support.stored_drift import add_texts

from opinionlens.storage import Database, feedback

pytestmark = pytest.mark.browser

OpenAdmin = Callable[..., Page]
Violations = Callable[..., list[str]]

PHONE = {"width": 360, "height": 780}
TEXTS = ("Two hours on the tarmac. Lovely.", "Gate changed to B7, as announced", "x" * 300)


def press(page: Page, key: str) -> None:
    """Press a key once the page's script listens."""
    expect(page.get_by_text("Keys:")).to_be_visible()
    page.keyboard.press(key)


@pytest.fixture
def database(tmp_path: Path, site: object) -> object:
    with closing(Database(f"sqlite:///{tmp_path / 'opinionlens.db'}")) as database:
        yield database


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_one_key_labels_skips_and_takes_back(
    open_admin: OpenAdmin, violations: Violations, seen: object, database: Database, scheme: str
) -> None:
    add_texts(database, *TEXTS[:2])
    page = open_admin(color_scheme=scheme, java_script_enabled=True)
    page.get_by_role("link", name="Review").click()
    first = page.get_by_role("blockquote").inner_text()
    assert violations(page) == []
    press(page, "n")
    expect(page.get_by_role("status").filter(has_text="Labelled as negative.")).to_be_visible()
    expect(page.get_by_role("blockquote")).not_to_have_text(first)
    press(page, "z")
    expect(page.get_by_role("status").filter(has_text="Taken back.")).to_be_visible()
    press(page, "3")
    expect(page.get_by_role("status").filter(has_text="Labelled as positive.")).to_be_visible()
    press(page, "s")
    expect(page.get_by_role("heading", name="No text waits for a label")).to_be_visible()
    assert [row.label.value for row in feedback.newest(database).rows] == ["POSITIVE"]
    assert violations(page) == []
    assert seen.errors == []  # type: ignore[attr-defined]


def test_the_buttons_work_without_scripts_on_a_phone(
    open_admin: OpenAdmin, violations: Violations, database: Database
) -> None:
    add_texts(database, *TEXTS)
    page = open_admin("/admin/review", java_script_enabled=False, viewport=PHONE)
    for _ in TEXTS:
        expect(page.get_by_role("button", name="Neutral")).to_be_visible()
        page.get_by_role("button", name="Neutral").click()
    expect(page.get_by_role("heading", name="No text waits for a label")).to_be_visible()
    assert feedback.newest(database).total == 3


@pytest.mark.parametrize("texts", [(), TEXTS[2:]], ids=["none", "long"])
def test_on_a_phone_nothing_is_wider_than_the_screen(
    open_admin: OpenAdmin, violations: Violations, database: Database, texts: tuple[str, ...]
) -> None:
    add_texts(database, *texts)
    page = open_admin("/admin/review", viewport=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert violations(page) == []
