"""The other pages of the admins: login and out, keys, model cards."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

OpenAt = Callable[..., Page]
OpenAdmin = Callable[..., Page]
Violations = Callable[..., list[str]]

PHONE = {"width": 360, "height": 780}


def test_the_pages_want_a_login_and_lead_back(open_at: OpenAt, site: object, violations: Violations) -> None:
    page = open_at(site.address, "/admin/keys")  # type: ignore[attr-defined]
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    assert violations(page) == []
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert violations(page) == []
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill("four quiet lenses look on")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="API keys")).to_be_visible()
    expect(page.get_by_text("Logged in as admin")).to_be_visible()
    page.get_by_role("link", name="OpinionLens").click()
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("button", name="Log out")).to_have_count(0)
    page.goto("/admin")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def test_a_login_that_ended_meanwhile_leads_to_the_login(open_admin: OpenAdmin) -> None:
    page = open_admin()
    expect(page.locator("#registry tbody tr")).to_have_count(4)
    page.wait_for_load_state("networkidle")
    page.context.clear_cookies()
    page.get_by_label("Name of the model").fill("opinion")
    page.wait_for_url("**/login?next=%2Fadmin")


def test_without_javascript_the_pages_say_that_they_need_it(open_admin: OpenAdmin) -> None:
    page = open_admin(java_script_enabled=False)
    expect(page.get_by_text("This page needs JavaScript.")).to_be_visible()


class TestKeys:
    def test_a_key_is_shown_once_works_and_is_revoked(
        self, open_admin: OpenAdmin, violations: Violations
    ) -> None:
        page = open_admin("/admin/keys", permissions=["clipboard-read", "clipboard-write"])
        expect(page.get_by_text("There are no keys yet.")).to_be_visible()
        page.get_by_label("What is it for?").fill("<b>nightly</b> report")
        page.get_by_label("get predictions").uncheck()
        page.get_by_role("button", name="Make the key").click()
        expect(page.get_by_role("alert").first).to_contain_text("Choose what it may do.")
        page.get_by_label("change models and keys").check()
        page.get_by_role("button", name="Make the key").click()
        shown = page.locator("#shown-once")
        expect(shown).to_be_focused()
        key = shown.locator("code").text_content() or ""
        assert status_with(page, key) == 200
        shown.get_by_role("button", name="Copy").click()
        expect(shown.get_by_role("button", name="Copied")).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == key
        line = page.locator("#keys tbody tr")
        expect(line).to_contain_text(
            re.compile(r"<b>nightly</b> report.*change models and keys.*admin", re.S)
        )
        assert violations(page) == []
        page.reload()
        expect(line).to_have_count(1)
        expect(shown).to_be_hidden()
        assert key not in page.content()
        line.get_by_role("button", name="Revoke").click()
        page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
        expect(line).to_contain_text("Revoked")
        assert status_with(page, key) == 401
        assert violations(page) == []


class TestModelCard:
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_it_tells_what_is_known(
        self, open_admin: OpenAdmin, violations: Violations, seen: object, scheme: str
    ) -> None:
        page = open_admin("/admin/models/opinionlens-1", color_scheme=scheme, reduced_motion="reduce")
        card = page.get_by_role("article")
        expect(card).to_be_visible()
        expect(page.get_by_role("heading", level=1)).to_have_text("opinionlens 1")
        for words in (
            r"Macro F1\s*0\.756",
            r"Texts tested on\s*6,876",
            r"By class.*Negative\s*0\.700",
            r"By slice.*Short text\s*1,962 texts\s*0\.760.*Long text",
            r"By source.*Brand tweets",
            r"Behaviour that a promotion asks for.*Facts are neutral\s*35 %",
            r"only watched.*nobody is refused.*Negation flips complaints\s*88 %",
            r"Everyday sentences.*95 % interval of all: 78 % to 88 %\.\s*All\s*200 texts\s*84 %",
            r"All\s*200 texts\s*84 %\s*Lexical negation\s*10 texts\s*80 %",
            r"by length.*At most 32 tokens\s*6,870 texts\s*0\.016\s*33 to 100 tokens\s*1 text\s*–",
            r"1 text\s*–\s*101 to 400 tokens\s*120 texts\s*0\.040\s*Over 400 tokens\s*0 texts\s*–",
            r"Texts of other kinds.*Everyday sentences\s*200\s*84 %\s*78 % to 88 %\s*0\.810\s*0\.75 to 0\.86",
            r"0\.75 to 0\.86\s*0\.549\s*0\.264\s*27 %\s*9 %\s*Amazon food\s*not measured: they were not",
            r"Imdb\s*5,000\s*77 %\s*76 % to 78 %\s*0\.772\s*0\.76 to 0\.78\s*0\.791\s*0\.033\s*5 %\s*22 %",
            r"Ours/tickets\.csv\s*12\s*–\s*0\.600\s*0\.500\s*0\.100\s*100 %\s*–",
            r"On imdb VADER's word list does better",
            r"On texts of other kinds it is 3\.3 to 26\.4 percentage points off",
            r"not trained on tweets about other topics, film reviews.* nor on any language but English\.",
            r"answers 3 wrong with a confidence above 90 %",
            r"Below a confidence of 50 % an answer is marked uncertain",
            r"A text may have 10,000 characters",
            r"weakest on long text: macro F1 0\.727",
            r"Licence of brand tweets\s*MIT .*CC BY-NC-SA 4\.0: no commercial use",
            r"may not be used commercially \(brand tweets\)",
            r"Run\s*4f2c9a7be31d.*Code \(commit\)\s*d057843",
            r"/api/v1/models/opinionlens-1/activate",
        ):
            expect(card).to_contain_text(re.compile(words, re.S | re.I))
        assert violations(page) == []
        assert seen.errors == []  # type: ignore[attr-defined]
        assert seen.foreign == []  # type: ignore[attr-defined]

    def test_on_a_phone_and_on_paper(self, open_admin: OpenAdmin) -> None:
        page = open_admin("/admin/models/opinionlens-1", viewport=PHONE)
        expect(page.get_by_role("article")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        page.emulate_media(media="print")
        expect(page.locator(".site-header")).to_be_hidden()
        expect(page.get_by_role("article")).to_be_visible()

    def test_of_a_version_that_is_not_loaded_it_says_so(
        self, open_admin: OpenAdmin, violations: Violations
    ) -> None:
        page = open_admin("/admin/models/opinionlens-2")
        expect(page.locator("#alert")).to_contain_text("opinionlens-2 is not loaded.")
        expect(page.get_by_role("article")).to_have_count(0)
        assert violations(page) == []

    def test_its_address_is_no_way_in_for_markup(self, open_admin: OpenAdmin) -> None:
        page = open_admin("/admin")
        page.goto("/admin/models/%3Cimg%20src=x%20onerror=alert(1)%3E-1")
        expect(page.get_by_role("heading", level=1)).to_have_text("<img src=x onerror=alert(1)>-1")


@pytest.mark.parametrize("path", ["/admin", "/admin/history", "/admin/keys"])
def test_a_phone_shows_all_without_scrolling_sideways(
    open_admin: OpenAdmin, violations: Violations, path: str
) -> None:
    page = open_admin(path, viewport=PHONE)
    expect(page.get_by_text("Looking …")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert violations(page) == []


def status_with(page: Page, key: str) -> int:
    """What the list of models answers to somebody with this key, who is not logged in."""
    with page.context.browser.new_context() as stranger:  # type: ignore[union-attr]
        address = page.url.split("/admin")[0]
        headers = {"Authorization": f"Bearer {key}"}
        return int(stranger.request.get(f"{address}/api/v1/models/", headers=headers).status)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_versions_are_compared_side_by_side_from_the_list(
    open_admin: OpenAdmin, violations: Violations, scheme: str
) -> None:
    page = open_admin(color_scheme=scheme, reduced_motion="reduce")
    page.get_by_role("link", name="Compare them side by side").click()
    page.get_by_label("opinionlens 2").check()  # the choice is open while there is nothing to compare
    page.get_by_role("button", name="Compare").click()
    page.wait_for_url("**/admin/compare?versions=*")
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="Macro F1", exact=True))
    expect(row.get_by_role("cell")).to_contain_text(["0.756", re.compile("0.772.*best", re.S)])
    assert violations(page) == []
    expect(page.get_by_role("link", name="fetch opinionlens 2")).to_be_visible()
    page.get_by_role("link", name="opinionlens 1", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("opinionlens 1")
    page.get_by_role("link", name="Compare with others").click()
    expect(page.get_by_role("columnheader")).to_contain_text(["opinionlens 1"])


def test_the_comparison_fits_a_phone_without_scripts(open_admin: OpenAdmin) -> None:
    page = open_admin("/admin/compare", viewport=PHONE, java_script_enabled=False)
    page.goto("/admin/compare?versions=opinionlens-1,opinionlens-2,opinionlens-3")
    expect(page.get_by_text("Size on disk")).to_be_visible()
    expect(page.get_by_text("not recorded").first).to_be_visible()
    box = page.locator("table").bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 360
