"""The page of the models as those use it who look after them. Each test has an app of its own."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser

OpenAdmin = Callable[..., Page]
Violations = Callable[..., list[str]]

PHONE = {"width": 360, "height": 780}
GOOD, TAMPERED, FOREIGN = 2, 3, 4


def row(page: Page, table: str, name: str) -> Locator:
    return page.locator(f"#{table} tbody tr").filter(has=page.get_by_text(name, exact=True))


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def confirm(page: Page, name: str, why: str | None = None) -> None:
    dialog = page.get_by_role("dialog")
    if why is not None:
        dialog.get_by_label("Why?").fill(why)
    dialog.get_by_role("button", name=name, exact=True).click()


def fetch(page: Page, number: int, *, until: str = "done") -> None:
    press(page, f"Fetch opinionlens {number}")
    confirm(page, "Fetch")
    expect(page.locator(f".fetch[data-state={until}]")).to_have_count(1)


def active_name(page: Page) -> Locator:
    return page.locator("#status").locator('[data-slot="name"]')


def test_what_answers_what_is_loaded_and_what_there_is(open_admin: OpenAdmin) -> None:
    page = open_admin()
    expect(active_name(page)).to_have_text("opinionlens 1")
    expect(page.get_by_text(re.compile("Since .*, as the registry's champion."))).to_be_visible()
    expect(page.get_by_text("Follows the registry")).to_be_visible()
    expect(page.get_by_role("button", name="Roll back")).to_be_hidden()
    loaded = row(page, "loaded", "opinionlens 1")
    expect(loaded).to_contain_text(re.compile("Active.*linear.*0.756.*0.770.*0.015.*kB", re.S))
    expect(page.locator("#registry tbody tr")).to_have_count(4)
    expect(row(page, "registry", "opinionlens 1")).to_contain_text("champion")
    foreign = row(page, "registry", "opinionlens 4")
    expect(foreign).to_contain_text(re.compile("Cannot be served.*It holds no artifact of OpinionLens", re.S))
    expect(foreign.get_by_role("button")).to_have_count(0)


def test_a_fetch_shows_its_progress_and_survives_a_reload(
    open_admin: OpenAdmin, site: object, violations: Violations
) -> None:
    site.registry.gated = GOOD  # type: ignore[attr-defined]
    page = open_admin()
    press(page, "Fetch opinionlens 2")
    confirm(page, "Fetch")
    item = page.locator(".fetch")
    expect(item).to_contain_text(re.compile(r"Downloading, [\d.]+ kB of [\d.]+ kB \(\d+ %\)"))
    assert 0 < float(item.get_by_role("progressbar").get_attribute("value") or 0) < 1
    assert violations(page) == []
    page.reload()
    expect(item).to_contain_text("Downloading")
    expect(row(page, "loaded", "opinionlens 2")).to_have_count(0)
    site.registry.gate.set()  # type: ignore[attr-defined]
    expect(item).to_have_attribute("data-state", "done")
    # Nobody reloads: the version has come by itself, with its scores beside those of the active one.
    expect(row(page, "loaded", "opinionlens 2")).to_contain_text(
        re.compile(r"0\.772\s+\+0\.016, better than the active version", re.S)
    )
    press(page, "Dismiss the fetch of opinionlens 2")
    expect(page.locator("#fetches")).to_be_hidden()
    page.reload()
    expect(row(page, "registry", "opinionlens 2")).to_contain_text("Loaded")
    expect(page.locator("#fetches")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_changed_artifact_is_refused_with_the_reason(
    open_admin: OpenAdmin, violations: Violations, scheme: str
) -> None:
    page = open_admin(color_scheme=scheme, reduced_motion="reduce")
    fetch(page, TAMPERED, until="refused")
    expect(page.locator(".fetch")).to_contain_text(
        "The content of weights.npz is not what the manifest says."
    )
    expect(row(page, "loaded", "opinionlens 3")).to_have_count(0)
    expect(active_name(page)).to_have_text("opinionlens 1")
    assert violations(page) == []


def test_a_version_is_tried_beside_the_active_one(open_admin: OpenAdmin, violations: Violations) -> None:
    page = open_admin()
    fetch(page, GOOD)
    press(page, "Try opinionlens 2")
    text = page.get_by_label("Texts to try with both")
    expect(text).to_be_focused()
    press(page, "Compare")
    expect(page.locator("#trial .alert")).to_have_text("Type or paste a text first.")
    text.fill("a late, late train")
    page.keyboard.press("Control+Enter")
    agreement = page.locator("#trial p.agreement")
    expect(agreement).to_have_text("They differ: opinionlens 2 says positive, opinionlens 1 says negative.")
    tried = page.locator("#trial .tried")
    expect(tried).to_have_attribute("data-differs", "")
    expect(tried).to_contain_text(re.compile("Labels differ.*Answer.*Positive.*Negative.*late × 2", re.S))
    assert violations(page) == []
    text.fill("great\nlate")
    press(page, "Compare")
    expect(agreement).to_have_text("They differ on 1 of 2 texts.")
    expect(tried).to_have_count(2)
    expect(active_name(page)).to_have_text("opinionlens 1")


def test_activating_asks_why_and_can_be_rolled_back(open_admin: OpenAdmin, violations: Violations) -> None:
    page = open_admin()
    fetch(page, GOOD)
    press(page, "Activate opinionlens 2")
    confirm(page, "Activate")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("alert")).to_contain_text("Say why")
    assert violations(page) == []
    confirm(page, "Activate", "better on late trains")
    expect(page.get_by_role("status").first).to_have_text("opinionlens 2 answers now.")
    expect(active_name(page)).to_have_text("opinionlens 2")
    expect(page.get_by_text(re.compile("Since .*, by admin: “better on late trains”"))).to_be_visible()
    expect(page.get_by_text("Does not follow the registry")).to_be_visible()
    expect(page.get_by_text("Brings back opinionlens 1.")).to_be_visible()
    press(page, "Roll back")
    expect(dialog).to_contain_text("in place of opinionlens 2")
    confirm(page, "Roll back", "it was not")
    expect(active_name(page)).to_have_text("opinionlens 1")
    expect(page.get_by_role("button", name="Roll back", exact=True)).to_be_hidden()
    press(page, "Follow the champion again")
    confirm(page, "Follow", "back to normal")
    expect(page.get_by_text("Follows the registry")).to_be_visible()
    page.get_by_role("link", name="History").click()
    shown = page.locator("tbody tr")
    expect(shown).to_have_text(
        [
            re.compile(r"opinionlens\s1.*Champion followed.*admin.*back to normal", re.S),
            re.compile(r"opinionlens\s1.*before: opinionlens\s2.*Rolled back to no. 1.*it was not", re.S),
            re.compile(r"opinionlens\s2.*Activated.*admin.*better on late trains", re.S),
            re.compile(r"opinionlens\s1.*the first one.*Champion followed.*the registry", re.S),
        ]
    )
    assert violations(page) == []


def test_of_two_admins_the_second_is_told_and_shown_what_is(open_admin: OpenAdmin) -> None:
    first, second = open_admin(), open_admin()
    fetch(first, GOOD)
    second.reload()
    press(second, "Activate opinionlens 2")
    press(first, "Activate opinionlens 2")
    confirm(first, "Activate", "mine")
    expect(active_name(first)).to_have_text("opinionlens 2")
    confirm(second, "Activate", "also mine")
    expect(second.locator("#alert")).to_contain_text("Another version has been activated meanwhile.")
    expect(second.get_by_role("dialog")).to_be_hidden()
    expect(second.get_by_text("“mine”")).to_be_visible()


def test_a_fetch_can_end_in_an_activation(open_admin: OpenAdmin) -> None:
    page = open_admin()
    press(page, "Fetch opinionlens 2")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Why?")).to_be_hidden()
    dialog.get_by_label("Let it answer as soon as it is loaded").check()
    confirm(page, "Fetch", "the new one")
    expect(active_name(page)).to_have_text("opinionlens 2")
    expect(page.get_by_text("“the new one”")).to_be_visible()


def test_a_version_is_fetched_by_name_and_number(open_admin: OpenAdmin) -> None:
    page = open_admin()
    page.get_by_text("Fetch by name and number").click()
    form = page.locator("#fetch-form")
    expect(form.get_by_label("Name")).to_have_value("opinionlens")
    form.get_by_label("Version").fill("99")
    form.get_by_role("button", name="Fetch").click()
    expect(page.locator(".fetch")).to_contain_text(re.compile("Failed.*has no version 99", re.S))
    form.get_by_label("Version").fill("2")
    form.get_by_label("Set active").check()
    form.get_by_role("button", name="Fetch").click()
    expect(active_name(page)).to_have_text("opinionlens 2")


def test_a_loaded_version_is_deleted_after_a_question(open_admin: OpenAdmin) -> None:
    page = open_admin()
    fetch(page, GOOD)
    expect(row(page, "loaded", "opinionlens 1").get_by_role("button")).to_have_count(0)
    press(page, "Delete opinionlens 2")
    expect(page.get_by_role("dialog")).to_contain_text("The registry keeps the version")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Delete opinionlens 2")).to_be_focused()
    page.keyboard.press("Enter")
    confirm(page, "Delete")
    expect(page.get_by_role("status").first).to_have_text("opinionlens 2 is no longer loaded.")
    expect(row(page, "loaded", "opinionlens 2")).to_have_count(0)
    expect(page.get_by_role("button", name="Fetch opinionlens 2")).to_be_visible()


def test_the_registry_is_filtered_and_leafed_through(
    open_admin: OpenAdmin, site: object, add_version: Callable[..., None]
) -> None:
    for number in range(12):
        add_version(site.registry, {"great": 2.0, f"word{number}": 1.0}, 0.7)  # type: ignore[attr-defined]
    hostile = "<img src=x onerror=alert(1)>"
    site.registry.add_foreign(hostile)  # type: ignore[attr-defined]
    page = open_admin()
    expect(page.locator("#registry tbody tr")).to_have_count(10)
    expect(page.get_by_text("1–10 of 17")).to_be_visible()
    press(page, "Next")
    expect(page.get_by_text("11–17 of 17")).to_be_visible()
    page.get_by_label("Name of the model").fill("IMG")
    expect(page.locator("#registry tbody tr")).to_have_count(1)
    expect(page.locator("#registry tbody tr")).to_contain_text(hostile)
    page.get_by_label("Name of the model").fill("nothing like it")
    expect(page.get_by_text("No version has such a name.")).to_be_visible()


def test_with_the_registry_away_the_page_says_so_and_the_rest_works(
    open_admin: OpenAdmin, site: object, violations: Violations
) -> None:
    page = open_admin()
    fetch(page, GOOD)
    site.registry.reachable = False  # type: ignore[attr-defined]
    page.reload()
    expect(page.locator("#registry")).to_contain_text("The registry does not answer.")
    assert violations(page) == []
    press(page, "Activate opinionlens 2")
    confirm(page, "Activate", "without the registry")
    expect(active_name(page)).to_have_text("opinionlens 2")
    expect(page.locator("#problems")).to_contain_text("The registry does not answer.")
    site.registry.reachable = True  # type: ignore[attr-defined]


def test_a_server_that_is_gone_is_said(open_admin: OpenAdmin) -> None:
    page = open_admin()
    fetch(page, GOOD)
    page.route("**/activate", lambda route: route.abort())
    press(page, "Activate opinionlens 2")
    confirm(page, "Activate", "in vain")
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("The server does not answer.")
    page.unroute("**/activate")
    confirm(page, "Activate")
    expect(active_name(page)).to_have_text("opinionlens 2")


class TestForEverybody:
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_axe_finds_nothing_with_two_versions(
        self, open_admin: OpenAdmin, violations: Violations, scheme: str
    ) -> None:
        page = open_admin(color_scheme=scheme, reduced_motion="reduce")
        fetch(page, GOOD)
        expect(row(page, "loaded", "opinionlens 2")).to_be_visible()
        assert violations(page) == []
        press(page, "Fetch opinionlens 3")
        assert violations(page) == []

    def test_a_phone_shows_all_without_scrolling_sideways(self, open_admin: OpenAdmin) -> None:
        page = open_admin(viewport=PHONE)
        fetch(page, GOOD)
        press(page, "Try opinionlens 2")
        page.get_by_label("Texts to try with both").fill("great and late " + "x" * 200)
        press(page, "Compare")
        expect(page.locator(".tried")).to_have_count(1)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]

    def test_the_dialog_keeps_the_keyboard_and_gives_it_back(self, open_admin: OpenAdmin) -> None:
        page = open_admin()
        fetch(page, GOOD)
        page.get_by_role("button", name="Activate opinionlens 2").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_label("Why?")).to_be_focused()
        for _ in range(6):
            page.keyboard.press("Tab")
            assert page.evaluate("document.activeElement.closest('dialog, body').tagName") in (
                "DIALOG",
                "BODY",
            )
            assert page.evaluate("document.activeElement.closest('main > :not(dialog)')") is None
        page.keyboard.press("Escape")
        expect(page.get_by_role("button", name="Activate opinionlens 2")).to_be_focused()

    def test_the_page_keeps_to_itself(self, open_admin: OpenAdmin, seen: object) -> None:
        page = open_admin()
        fetch(page, GOOD)
        expect(row(page, "loaded", "opinionlens 2")).to_be_visible()
        assert seen.foreign == []  # type: ignore[attr-defined]
        assert seen.errors == []  # type: ignore[attr-defined]
