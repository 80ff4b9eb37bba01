"""The home page as people use it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]
Violations = Callable[..., list[str]]

PHONE = {"width": 360, "height": 780}
ADMIN_KEY = "a-key-for-the-tests-that-nobody-else-has-1234567890"
# Emoji before the words: a browser counts them as two, the explanation as one.
TEXT = "😀😀 great food and a great view, but the service was late and awful 😀"


def predict(page: Page, text: str) -> None:
    page.get_by_label("Text", exact=True).fill(text)
    page.get_by_role("button", name="Evaluate").click()


def test_a_prediction_comes_without_leaving_the_page(open_page: OpenPage) -> None:
    page = open_page()
    predict(page, TEXT)
    prediction = page.get_by_role("region", name="Prediction", exact=True)
    expect(prediction).to_be_visible()
    expect(prediction.get_by_text("Positive", exact=True).first).to_be_visible()
    expect(prediction).to_have_attribute("data-label", "POSITIVE")
    expect(prediction.locator('[data-slot="version"]')).to_have_text("version 1")
    expect(prediction.locator('[data-slot="latency"]')).to_have_text(re.compile(r"^\d+(\.\d)? ms$"))
    expect(page).to_have_title("Positive · OpinionLens")
    assert page.url.endswith("/")


def test_the_deciding_words_are_marked_where_they_stand(open_page: OpenPage) -> None:
    page = open_page()
    predict(page, TEXT)
    marks = page.locator("#prediction .marked-text mark")
    expect(marks).to_have_text(["great", "great", "late", "awful"])
    assert [mark.get_attribute("data-toward") for mark in marks.all()] == ["POSITIVE"] * 2 + ["NEGATIVE"] * 2
    assert page.locator("#prediction .marked-text").text_content() == TEXT
    items = page.locator("#prediction .words li")
    expected = [r"great × 2\s+positive", r"awful .*\s+negative", r"late .*\s+negative"]
    expect(items).to_have_text([re.compile(words) for words in expected])


def test_marks_can_be_told_apart_without_colour(open_page: OpenPage) -> None:
    page = open_page()
    predict(page, TEXT)
    marks = page.locator("#prediction .marked-text mark")
    expect(marks).to_have_count(4)
    styles = marks.evaluate_all(
        "marks => marks.map(mark => [mark.dataset.toward, getComputedStyle(mark).textDecorationStyle])"
    )
    assert {tuple(style) for style in styles} == {("POSITIVE", "solid"), ("NEGATIVE", "double")}


def test_with_and_without_javascript_the_prediction_is_the_same(open_page: OpenPage) -> None:
    pages = [open_page(java_script_enabled=javascript) for javascript in (True, False)]
    for text in (TEXT, "awful", "so it is, here we go", "fair", "nix capisco njet ochi oxi", "line\nline"):
        with_script, without = (prediction_on(page, text) for page in pages)
        assert with_script == without


def prediction_on(page: Page, text: str) -> tuple[str, list[str | None]]:
    """Everything that is shown about a text, but how long it took."""
    predict(page, text)
    prediction = page.locator("#prediction")
    expect(prediction).to_be_visible()
    expect(prediction.locator(".marked-text")).to_have_text(text, use_inner_text=False)
    # A form that was sent brings a new page: what it hides is shown until its style sheets are there.
    page.wait_for_load_state("load")
    shown = re.sub(r"answered in [\d.]+ ms", "", prediction.inner_text())
    widths = [fill.get_attribute("width") for fill in prediction.locator("svg .fill").all()]
    return re.sub(r"\s+", " ", shown), widths


def test_ctrl_enter_sends(open_page: OpenPage) -> None:
    page = open_page()
    page.get_by_label("Text", exact=True).fill("awful")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#prediction")).to_have_attribute("data-label", "NEGATIVE")


@pytest.mark.parametrize("javascript", [True, False])
def test_examples_are_predicted_at_a_click(open_page: OpenPage, javascript: bool) -> None:
    page = open_page(java_script_enabled=javascript)
    page.get_by_role("button", name="Complaint").click()
    expect(page.locator("#prediction")).to_be_visible()
    expect(page.get_by_label("Text", exact=True)).to_have_value(re.compile("Worst service ever"))


def test_uncertainty_is_shown_in_words_and_in_shape(open_page: OpenPage) -> None:
    page = open_page()
    predict(page, "fair")
    expect(page.get_by_text("No class is clearly ahead of the others.")).to_be_visible()
    expect(page.get_by_text("This text has no words.")).to_be_hidden()
    dashes = page.locator("#prediction .disc").evaluate("disc => getComputedStyle(disc).strokeDasharray")
    assert dashes != "none"
    predict(page, "great")
    expect(page.get_by_text("No class is clearly ahead of the others.")).to_be_hidden()


def test_nothing_typed_is_said_and_the_old_prediction_goes(open_page: OpenPage) -> None:
    page = open_page()
    predict(page, "great")
    expect(page.locator("#prediction")).to_be_visible()
    predict(page, "   ")
    expect(page.get_by_role("alert")).to_have_text("Type or paste a text first.")
    expect(page.locator("#prediction")).to_be_hidden()
    expect(page.get_by_label("Text", exact=True)).to_be_focused()


def test_too_long_a_text_is_counted_as_the_server_counts(open_page: OpenPage) -> None:
    page = open_page()
    field = page.get_by_label("Text", exact=True)
    field.fill("😀" * 10_000)
    expect(page.locator("#count")).to_have_text("10,000 of 10,000 characters")
    field.fill("😀" * 10_003)
    expect(page.locator("#count")).to_have_text("3 characters too many")
    page.get_by_role("button", name="Evaluate").click()
    expect(page.get_by_role("alert")).to_contain_text("10000")


def test_a_server_that_is_gone_is_said(open_page: OpenPage) -> None:
    page = open_page()
    page.route("**/explain", lambda route: route.abort())
    predict(page, "great")
    expect(page.get_by_role("alert")).to_contain_text("The server does not answer.")
    page.unroute("**/explain")
    predict(page, "great")
    expect(page.locator("#prediction")).to_be_visible()
    expect(page.get_by_role("alert")).to_be_hidden()


def test_an_answer_that_is_overtaken_is_not_shown(open_page: OpenPage) -> None:
    page = open_page()
    page.evaluate(
        """() => {
            const fetchNow = window.fetch;
            let first = true;
            window.fetch = async (...request) => {
                const late = first;
                first = false;
                const response = await fetchNow(...request);
                if (late) await new Promise((resolve) => setTimeout(resolve, 400));
                return response;
            };
        }"""
    )
    predict(page, "awful")
    predict(page, "great")
    expect(page.locator("#prediction")).to_have_attribute("data-label", "POSITIVE")
    page.wait_for_timeout(600)
    expect(page.locator("#prediction")).to_have_attribute("data-label", "POSITIVE")


def test_a_hostile_text_stays_text(open_page: OpenPage) -> None:
    text = '<img src=x onerror="document.title=1"> great <script>alert(1)</script> </textarea>'
    for javascript in (True, False):
        page = open_page(java_script_enabled=javascript)
        predict(page, text)
        expect(page.locator("#prediction .marked-text")).to_have_text(text)
        expect(page).to_have_title(re.compile("OpinionLens"))
        expect(page.get_by_label("Text", exact=True)).to_have_value(text)


def test_the_prediction_is_announced(open_page: OpenPage) -> None:
    page = open_page()
    predict(page, "awful")
    expect(page.get_by_role("status")).to_have_text("Negative, 88 % confident.")


class TestFeedback:
    @pytest.mark.parametrize("javascript", [True, False])
    def test_a_reader_says_what_is_right(self, open_page: OpenPage, javascript: bool) -> None:
        page = open_page(java_script_enabled=javascript)
        text = f"great with scripts {javascript}"
        predict(page, text)
        expect(page.get_by_role("button", name="No, it is positive")).to_be_hidden()
        page.get_by_role("button", name="No, it is neutral").click()
        expect(page.get_by_text("Thank you. Noted as neutral.")).to_be_visible()
        expect(page.get_by_role("group", name="Is this right?")).to_be_hidden()
        expect(page.locator("#prediction")).to_have_attribute("data-label", "POSITIVE")
        found = [row for row in stored_feedback(page) if row["text"] == text]
        assert [(row["label"], row["source"]) for row in found] == [("NEUTRAL", "page")]
        assert found[0]["prediction_id"]

    def test_a_new_prediction_can_be_answered_anew(self, open_page: OpenPage) -> None:
        page = open_page()
        predict(page, "great")
        page.get_by_role("button", name="Yes, it is").click()
        expect(page.get_by_text("Thank you. Noted as positive.")).to_be_visible()
        predict(page, "awful")
        expect(page.get_by_text("Thank you.")).to_be_hidden()
        page.get_by_role("button", name="Yes, it is").click()
        expect(page.get_by_text("Thank you. Noted as negative.")).to_be_visible()

    def test_what_goes_wrong_is_said_and_can_be_tried_again(
        self, open_page: OpenPage, violations: Violations
    ) -> None:
        page = open_page()
        predict(page, "great")
        detail = {"detail": "The database does not answer.", "code": "storage_unavailable"}
        page.route("**/api/v1/feedback", lambda route: route.fulfill(status=503, json=detail))
        page.get_by_role("button", name="Yes, it is").click()
        expect(page.locator(".feedback .alert")).to_have_text("The database does not answer.")
        assert violations(page) == []
        page.unroute("**/api/v1/feedback")
        page.get_by_role("button", name="Yes, it is").click()
        expect(page.get_by_text("Thank you.")).to_be_visible()
        assert violations(page) == []


def stored_feedback(page: Page) -> list[dict[str, str]]:
    """What an admin sees of the feedback."""
    answer = page.request.get("/api/v1/feedback", headers={"Authorization": f"Bearer {ADMIN_KEY}"})
    rows: list[dict[str, str]] = answer.json()["feedback"]
    return rows


class TestTheme:
    def test_follows_the_system_until_one_is_chosen(self, open_page: OpenPage) -> None:
        def background(page: Page) -> str:
            colour: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
            return colour

        dark, light = (background(open_page(color_scheme=scheme)) for scheme in ("dark", "light"))
        assert dark != light
        page = open_page(color_scheme="light")
        button = page.get_by_role("button", name="Theme")
        expect(button).to_have_text(re.compile("System"))
        button.click()
        button.click()
        expect(button).to_have_text(re.compile("Dark"))
        assert background(page) == dark
        page.reload()
        assert background(page) == dark
        assert page.evaluate("localStorage.getItem('theme')") == "dark"
        page.get_by_role("button", name="Theme").click()
        assert background(page) == light
        assert page.evaluate("localStorage.getItem('theme')") is None

    def test_is_not_offered_where_it_cannot_work(self, open_page: OpenPage) -> None:
        expect(open_page(java_script_enabled=False).locator("#theme")).to_be_hidden()


class TestForEverybody:
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_axe_finds_nothing(self, open_page: OpenPage, violations: Violations, scheme: str) -> None:
        page = open_page(color_scheme=scheme, reduced_motion="reduce")
        assert violations(page) == []
        for text in (TEXT, "fair", "   "):
            predict(page, text)
            page.locator("#prediction:visible, #alert:visible").first.wait_for()
            assert violations(page) == [], text

    def test_axe_finds_nothing_on_the_page_of_an_error(
        self, open_page: OpenPage, violations: Violations
    ) -> None:
        assert violations(open_page("/nothing")) == []

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_axe_finds_only_what_swagger_is_built_of_on_the_api_page(
        self, open_page: OpenPage, violations: Violations, scheme: str
    ) -> None:
        page = open_page("/docs", color_scheme=scheme)
        expect(page.locator(".opblock").first).to_be_visible()
        assert violations(page, "nested-interactive", "heading-order", "landmark-main-is-top-level") == []

    def test_a_phone_shows_all_without_scrolling_sideways(self, open_page: OpenPage) -> None:
        page = open_page(viewport=PHONE)
        predict(page, TEXT + " " + "x" * 300)
        expect(page.locator("#prediction")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]

    def test_the_keyboard_reaches_everything_and_shows_where_it_is(self, open_page: OpenPage) -> None:
        page = open_page()
        reached = []
        for _ in range(10):
            page.keyboard.press("Tab")
            name, outline = page.evaluate(
                "[document.activeElement.textContent.trim() || document.activeElement.id,"
                " getComputedStyle(document.activeElement).outlineStyle]"
            )
            assert outline != "none", name
            reached.append(re.sub(r"\s+", " ", name))
        assert reached == [
            "Skip to the content",
            "OpinionLens",
            "API",
            "Admin",
            "Theme: System",
            "Praise",
            "Complaint",
            "Neither",
            "text",
            "Evaluate",
        ]

    def test_the_skip_link_leads_to_the_content(self, open_page: OpenPage) -> None:
        page = open_page()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_pages_keep_to_themselves(open_page: OpenPage, seen: object, path: str) -> None:
    page = open_page(path)
    if path == "/":
        predict(page, TEXT)
        expect(page.locator("#prediction")).to_be_visible()
    else:
        expect(page.locator(".opblock").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert seen.foreign == []  # type: ignore[attr-defined]
    assert seen.errors == []  # type: ignore[attr-defined]


def test_the_api_can_be_tried_on_its_page(open_page: OpenPage, seen: object) -> None:
    page = open_page("/docs")
    block = page.locator(".opblock").filter(has_text="Predict up to").first
    block.locator(".opblock-summary").click()
    block.get_by_role("button", name="Execute").click()
    expect(block.locator(".live-responses-table .response-col_status").last).to_contain_text("200")
    assert seen.errors == []  # type: ignore[attr-defined]
