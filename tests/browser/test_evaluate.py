"""A labelled file on the page of the admins: dropped, measured, shown, taken away."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

OpenAdmin = Callable[..., Page]
Violations = Callable[..., list[str]]

PHONE = {"width": 360, "height": 780}
ROWS = "text,label\n" + "great food,pos\nawful food,neg\nthe food,neu\nawful and late <b>x</b>,pos\n" * 30


def choose(page: Page, name: str, content: str) -> None:
    page.locator("#file").set_input_files(
        [{"name": name, "mimeType": "text/csv", "buffer": content.encode()}]
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_file_is_measured_and_the_report_taken_away(
    open_admin: OpenAdmin, violations: Violations, seen: object, scheme: str, tmp_path: Path
) -> None:
    page = open_admin(color_scheme=scheme, reduced_motion="reduce")
    page.get_by_role("link", name="Evaluate").click()
    expect(page.get_by_role("heading", name="Is it good for us?")).to_be_visible()
    expect(page.get_by_label("Version")).to_contain_text("opinionlens 1 (answers now)")
    assert violations(page) == []
    choose(page, "mine.csv", ROWS)
    expect(page.get_by_text("mine.csv, 2.", exact=False)).to_be_visible()
    page.get_by_role("button", name="Evaluate").click()
    title = page.get_by_role("heading", name="opinionlens 1 on mine.csv")
    expect(title).to_be_focused()
    report = page.locator("article.report")
    for words in (
        r"Right on 75\s%\sof 120 texts",
        r"better than answering with the commonest class",
        r"VADER",
        r"right is positive, answered negative",
        r"awful and late <b>x</b>",
        r"pos → POSITIVE",
    ):
        expect(report).to_contain_text(re.compile(words, re.I))
    assert violations(page) == []
    with page.expect_download() as download:
        page.get_by_role("button", name="Download JSON").click()
    assert download.value.suggested_filename == "mine-evaluated.json"
    download.value.save_as(tmp_path / "report.json")
    assert json.loads((tmp_path / "report.json").read_text())["figures"]["accuracy"]["value"] == 0.75
    assert seen.errors == []  # type: ignore[attr-defined]
    assert seen.foreign == []  # type: ignore[attr-defined]


def test_what_is_wrong_is_said_and_can_be_mended(open_admin: OpenAdmin, violations: Violations) -> None:
    page = open_admin("/admin/evaluate")
    go = page.get_by_role("button", name="Evaluate")
    expect(go).to_be_disabled()
    choose(page, "large.csv", "text,label\n" + "x" * 2_000_001)
    expect(page.get_by_role("alert").first).to_contain_text("large.csv: 2.0 MB is more than fits here")
    expect(go).to_be_disabled()
    choose(page, "mine.csv", "a,b\ngreat,glad\nawful,sad\n")
    go.click()
    expect(page.get_by_role("alert").first).to_contain_text(
        "there are: a, b. Name the column with the texts."
    )
    page.get_by_label("Column with the texts").fill("a")
    page.get_by_label("Column with the labels").fill("b")
    go.click()
    expect(page.get_by_role("alert").first).to_contain_text("Most labels are not understood")
    assert violations(page) == []
    page.get_by_label("What labels mean").fill("glad=positive, sad=negative")
    go.click()
    expect(page.get_by_role("heading", name="opinionlens 1 on mine.csv")).to_be_visible()
    expect(page.get_by_role("alert").first).to_be_hidden()


def test_on_a_phone_nothing_is_wider_than_the_screen(open_admin: OpenAdmin) -> None:
    page = open_admin("/admin/evaluate", viewport=PHONE)
    choose(page, "mine.csv", ROWS)
    page.get_by_label("Version").select_option("lexicon")
    page.get_by_role("button", name="Evaluate").click()
    expect(page.get_by_role("heading", name="built-in word list on mine.csv")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
