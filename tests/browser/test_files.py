"""A file of texts on the home page: read in the browser, predicted in portions, shown, taken away."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from opinionlens.tabular.delimited import open_delimited
from opinionlens.tabular.spreadsheet import neutralised

pytestmark = pytest.mark.browser

OpenPage = Callable[..., Page]
Violations = Callable[..., list[str]]

PHONE = {"width": 360, "height": 780}
REVIEWS = (
    "id;review;stars\r\n"
    '1;"great ""crew"", great food\r\nand a second line";5\r\n'
    "2;awful café, late;1\r\n"
    "3;fair;3\r\n"
    "4;;2\r\n"
    '5;"=1+1 great <b>bold</b>";4\r\n'
)
BATCH = "**/api/v1/inference/batch_predict*"


def choose(page: Page, name: str, content: bytes) -> None:
    page.locator("#file").set_input_files([{"name": name, "mimeType": "text/plain", "buffer": content}])


def predicted(page: Page, name: str, content: bytes) -> Page:
    choose(page, name, content)
    page.get_by_role("button", name=re.compile("^Predict")).click()
    expect(page.locator("#file-result")).to_be_visible()
    return page


def texts_of(page: Page) -> list[str]:
    return page.locator("#file-result tbody tr .row-text").all_text_contents()


def rows(count: int) -> bytes:
    return "".join(f"great number {number}\n" for number in range(1, count + 1)).encode()


class TestReading:
    def test_column_separator_header_and_encoding_are_found_out(self, open_page: OpenPage) -> None:
        page = open_page()
        choose(page, "reviews.csv", REVIEWS.encode("windows-1252"))
        expect(page.get_by_label("Column with the texts").locator("option:checked")).to_have_text("review")
        expect(page.get_by_label("Separator")).to_have_value(";")
        expect(page.get_by_label("Encoding")).to_have_value("windows-1252")
        expect(page.get_by_label("The first row names the columns")).to_be_checked()
        expect(page.locator(".preview li")).to_have_count(3)
        expect(page.locator(".preview li").nth(1)).to_have_text("awful café, late")
        expect(page.get_by_text("1 row has no text.")).to_be_visible()
        expect(page.get_by_role("button", name="Predict 4 texts")).to_be_enabled()

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
    def test_unicode_is_recognised(self, open_page: OpenPage, encoding: str) -> None:
        page = open_page()
        choose(page, "texts.txt", "great 😀 café\r\n\r\nawful naïve\r\n".encode(encoding))
        expect(page.locator(".preview li")).to_have_text(["great 😀 café", "awful naïve"])
        expected = "utf-16" if encoding.startswith("utf-16") else encoding
        expect(page.get_by_label("Encoding")).to_have_value(expected)
        expect(page.get_by_label("Separator")).to_be_hidden()

    def test_another_choice_reads_the_file_again(self, open_page: OpenPage) -> None:
        page = open_page()
        choose(page, "two.csv", b"title,text\ngreat,awful\ngreat,late\n")
        expect(page.locator(".preview li").first).to_have_text("awful")
        page.get_by_label("Column with the texts").select_option(label="title")
        expect(page.locator(".preview li").first).to_have_text("great")
        page.get_by_label("The first row names the columns").uncheck()
        expect(page.locator(".preview li").first).to_have_text("title")
        expect(page.get_by_role("button", name="Predict 3 texts")).to_be_enabled()
        page.get_by_label("Separator").select_option(label="Tab")
        expect(page.get_by_label("Column with the texts").locator("option")).to_have_count(1)

    @pytest.mark.parametrize(
        ("name", "content", "words"),
        [
            ("empty.csv", b"", "The file is empty."),
            ("sheet.xlsx", b"PK\x03\x04 and more", "This is an Excel workbook"),
            ("paper.pdf", b"%PDF-1.7", "This is a PDF"),
            ("noise.csv", bytes(range(200)) * 3, "This is not a text file"),
            ("blank.txt", b"\n\n  \n", "The file holds no rows."),
            ("header.csv", b"text,stars\n", None),
            ("missing.csv", b"text,stars\n,5\n,4\n", "This column holds no text."),
        ],
    )
    def test_what_cannot_be_predicted_is_said_in_words(
        self, open_page: OpenPage, name: str, content: bytes, words: str | None
    ) -> None:
        page = open_page()
        choose(page, name, content)
        if words is None:  # a header alone: the one row there is may be a text
            expect(page.get_by_role("button", name="Predict 1 text")).to_be_enabled()
            return
        expect(page.locator("#file-alert")).to_contain_text(words)
        button = page.get_by_role("button", name=re.compile("^Predict"))
        assert not button.is_visible() or button.is_disabled()

    def test_a_wrong_encoding_is_said_and_can_be_changed(self, open_page: OpenPage) -> None:
        page = open_page()
        choose(page, "texts.txt", "great café\n".encode("latin-1"))
        page.get_by_label("Encoding").select_option("utf-8")
        expect(page.locator("#file-alert")).to_contain_text("The file is not utf-8.")
        page.get_by_label("Encoding").select_option("latin-1")
        expect(page.locator("#file-alert")).to_be_hidden()
        expect(page.locator(".preview li")).to_have_text(["great café"])

    def test_a_file_can_be_dropped(self, open_page: OpenPage) -> None:
        page = open_page()
        page.evaluate(
            """() => {
                const transfer = new DataTransfer();
                transfer.items.add(new File(["awful\\ngreat\\n"], "dropped.txt"));
                const card = document.getElementById("files");
                const event = { dataTransfer: transfer, bubbles: true, cancelable: true };
                for (const name of ["dragover", "drop"]) card.dispatchEvent(new DragEvent(name, event));
            }"""
        )
        expect(page.get_by_role("heading", name="dropped.txt")).to_be_visible()
        expect(page.locator(".preview li")).to_have_text(["awful", "great"])


class TestResult:
    def test_totals_predictions_and_gaps_are_shown(self, open_page: OpenPage) -> None:
        page = predicted(open_page(), "reviews.csv", REVIEWS.encode())
        expect(page.get_by_role("heading", name="4 predictions for reviews.csv")).to_be_visible()
        expect(page.locator("#file-result .bars")).to_contain_text("2 · 50 %")
        expect(page.get_by_text("Answered by opinionlens version 1.")).to_be_visible()
        predictions = page.locator("#file-result tbody tr td:nth-child(3)")
        expect(predictions).to_have_text(
            [
                re.compile("Positive"),
                re.compile("Negative"),
                re.compile("Neutral.*uncertain", re.S),
                re.compile("The text is missing or empty"),
                re.compile("Positive"),
            ]
        )

    def test_rows_can_be_filtered_searched_and_leafed_through(self, open_page: OpenPage) -> None:
        page = predicted(open_page(), "many.txt", rows(43) + b"awful\n")
        assert len(texts_of(page)) == 20
        page.get_by_role("button", name="Next").click()
        assert texts_of(page)[0] == "great number 21"
        page.get_by_role("button", name="Next").click()
        expect(page.get_by_role("button", name="Next")).to_be_disabled()
        expect(page.locator('[data-slot="page"]')).to_have_text("41–44 of 44")
        page.get_by_role("button", name=re.compile(r"^Negative")).click()
        assert texts_of(page) == ["awful"]
        page.get_by_role("button", name=re.compile(r"^All")).click()
        page.get_by_label("Search in the texts").fill("NUMBER 4")
        assert texts_of(page) == [f"great number {number}" for number in (4, 40, 41, 42, 43)]
        page.get_by_label("Search in the texts").fill("nothing like it")
        expect(page.get_by_text("No row matches.")).to_be_visible()

    def test_the_download_has_the_columns_of_opinionlens_score_and_no_formulas(
        self, open_page: OpenPage, tmp_path: Path
    ) -> None:
        content = b'text,prediction\n"=1+1 great",x\n-5,y\n@home awful,z\n,w\n'
        page = open_page()
        choose(page, "odd.csv", content)
        page.get_by_label("Column with the texts").select_option(label="text")
        page.get_by_role("button", name=re.compile("^Predict")).click()
        with page.expect_download() as download:
            page.get_by_role("button", name="Download CSV").click()
        assert download.value.suggested_filename == "odd-predictions.csv"
        raw = Path(download.value.path()).read_bytes()
        assert raw.startswith(b"\xef\xbb\xbf")
        header, *found = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
        added = (
            "prediction confidence uncertain p_negative p_neutral p_positive model_name model_version error"
        )
        assert header == ["text", "input_prediction", *added.split()]
        expect(page.get_by_text("In the download 2 cells get an apostrophe")).to_be_visible()
        assert [row[0] for row in found] == ["'=1+1 great", "-5", "'@home awful", ""]
        first = dict(zip(header, found[0], strict=True))
        assert (first["prediction"], first["model_name"], first["model_version"]) == (
            "POSITIVE",
            "opinionlens",
            "1",
        )
        assert sum(
            float(first[f"p_{name}"]) for name in ("negative", "neutral", "positive")
        ) == pytest.approx(1)
        assert found[3][2:] == [""] * 8 + ["the text is missing or empty"]

    def test_hostile_cells_stay_text(self, open_page: OpenPage) -> None:
        hostile = '<img src=x onerror="document.title=1"> great'
        page = predicted(open_page(), "<b>.txt", f"{hostile}\n".encode())
        assert texts_of(page) == [hostile]
        expect(page.locator("#file-result h3")).to_contain_text("<b>.txt")
        expect(page).to_have_title(re.compile("OpinionLens"))

    def test_the_reasons_of_a_row_are_one_click_away(self, open_page: OpenPage) -> None:
        page = predicted(open_page(), "texts.txt", b"great\nawful and late\n")
        page.get_by_role("button", name="Why is row 2 negative?").click()
        expect(page.locator("#prediction")).to_have_attribute("data-label", "NEGATIVE")
        expect(page.get_by_label("Text", exact=True)).to_have_value("awful and late")


class TestSending:
    def test_more_rows_than_the_limit_are_named_and_the_first_predicted(self, open_page: OpenPage) -> None:
        page = open_page()
        choose(page, "long.txt", rows(1_203))
        expect(
            page.get_by_text("The file has 1,203 rows; the first 1,000 of them get a prediction.")
        ).to_be_visible()
        page.get_by_role("button", name="Predict 1,000 texts").click()
        expect(page.get_by_text("The first 1,000 of 1,203 rows.")).to_be_visible()

    def test_portions_keep_within_the_limits_of_the_server(self, open_page: OpenPage) -> None:
        sizes: list[tuple[int, int]] = []
        page = open_page()

        def note(route: Route) -> None:
            body = route.request.post_data_buffer or b""
            sizes.append((len(json.loads(body)), len(body)))
            route.continue_()

        page.route(BATCH, note)
        big = "".join("é" * 9_900 + f" {number}\n" for number in range(150))
        predicted(page, "big.txt", big.encode())
        assert sum(items for items, _ in sizes) == 150
        assert len(sizes) > 1
        assert all(items <= 1_000 and size <= 2_000_000 for items, size in sizes)

    def test_a_cancelled_file_shows_what_was_predicted_until_then(self, open_page: OpenPage) -> None:
        page = open_page()
        asked = []

        def answer_once(route: Route) -> None:
            asked.append(route)
            if len(asked) == 1:
                route.continue_()  # the others are never answered

        page.route(BATCH, answer_once)
        choose(page, "many.txt", rows(300))
        page.get_by_role("button", name="Predict 300 texts").click()
        expect(page.get_by_text("100 of 300 texts")).to_be_visible()
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_role("heading", name="100 predictions for many.txt")).to_be_visible()
        expect(page.get_by_text("You cancelled the rest.")).to_be_visible()

    def test_a_server_that_goes_away_in_between_is_said(self, open_page: OpenPage) -> None:
        page = open_page()
        asked = []

        def fail_later(route: Route) -> None:
            asked.append(route)
            route.continue_() if len(asked) == 1 else route.abort()

        page.route(BATCH, fail_later)
        choose(page, "many.txt", rows(150))
        page.get_by_role("button", name="Predict 150 texts").click()
        expect(page.locator("#file-alert")).to_contain_text("The server does not answer.")
        expect(page.get_by_role("heading", name="100 predictions for many.txt")).to_be_visible()
        page.unroute(BATCH)
        page.route(BATCH, lambda route: route.abort())
        page.locator("#file-result").get_by_role("button", name="Another file").click()
        choose(page, "few.txt", rows(2))
        page.get_by_role("button", name="Predict 2 texts").click()
        expect(page.locator("#file-alert")).to_contain_text("The server does not answer.")
        expect(page.get_by_role("button", name="Predict 2 texts")).to_be_visible()

    def test_a_busy_server_is_asked_again(self, open_page: OpenPage) -> None:
        page = open_page()
        asked = []

        def busy_first(route: Route) -> None:
            asked.append(route)
            if len(asked) > 1:
                route.continue_()
                return
            route.fulfill(status=503, headers={"Retry-After": "1"}, json={"detail": "Too much is waiting."})

        page.route(BATCH, busy_first)
        predicted(page, "few.txt", rows(2))
        expect(page.get_by_role("heading", name="2 predictions for few.txt")).to_be_visible()
        assert len(asked) == 2


class TestForEverybody:
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_axe_finds_nothing(self, open_page: OpenPage, violations: Violations, scheme: str) -> None:
        page = open_page(color_scheme=scheme, reduced_motion="reduce")
        choose(page, "sheet.xlsx", b"PK\x03\x04")
        expect(page.locator("#file-alert")).to_be_visible()
        assert violations(page) == []
        choose(page, "reviews.csv", REVIEWS.encode())
        expect(page.locator(".preview li").first).to_be_visible()
        assert violations(page) == []
        page.route(BATCH, lambda route: None)
        page.get_by_role("button", name=re.compile("^Predict")).click()
        expect(page.get_by_role("progressbar")).to_be_visible()
        assert violations(page) == []
        page.unroute(BATCH)
        page.reload()
        predicted(page, "reviews.csv", REVIEWS.encode())
        assert violations(page) == []

    def test_a_phone_shows_all_without_scrolling_sideways(self, open_page: OpenPage) -> None:
        page = open_page(viewport=PHONE)
        choose(page, "x" * 120 + ".csv", REVIEWS.encode())
        expect(page.locator(".preview li").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        page.get_by_role("button", name=re.compile("^Predict")).click()
        expect(page.locator("#file-result")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]

    def test_without_javascript_there_is_a_hint_instead(self, open_page: OpenPage) -> None:
        page = open_page(java_script_enabled=False)
        expect(page.locator("#files")).to_be_hidden()
        expect(page.get_by_text("With JavaScript, a CSV or TXT file of up to 1,000 texts")).to_be_visible()

    def test_the_page_keeps_to_itself(self, open_page: OpenPage, seen: object) -> None:
        predicted(open_page(), "reviews.csv", REVIEWS.encode())
        assert seen.foreign == []  # type: ignore[attr-defined]
        assert seen.errors == []  # type: ignore[attr-defined]


class TestDelimitedText:
    """The module that reads CSV, against Python's."""

    def test_records_are_those_of_python(self, open_page: OpenPage) -> None:
        page = open_page()
        for text in (
            'a,b\r\n"x ""y"" z",2\n',
            'one\n"two\r\nlines"\nthree',
            "a,,c\n,,\n",
            "no newline,at the end,",
            '"",x\n',
            'mid"quote,b\n',
            "old\rmac\r",
        ):
            found = in_module(page, "records.js", "parseDelimited", text, ",")
            rows = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
            assert found == rows, text

    def test_records_are_those_of_the_command_line(self, open_page: OpenPage, tmp_path: Path) -> None:
        page = open_page()
        stray = [f"{n},nice text {n},{'neg' if n % 3 else 'pos'}" for n in range(100)]
        stray[10], stray[70] = '10,"nice text 10,neg', '70,nice text 70",neg'
        for text in (
            "\n".join(["id,text,label", *stray]),
            'id\ttext\tlabel\n1\t"Best phone ever\tpos\n2\tshe said so"\tneg\n3\tfine\tneu\n',
            'id,text\n1,"He said \\"great\\" twice"\n2,"ok, \\"fine\\""\n',
            'id, "text"\n1, "Hello, you"\n2, plain\n',
            'id,text\n1,"never brought the salad"\n2,"a stray at the start\n3,plain\n4,plain\n5,plain\n',
            'id\ttext\n1\t"never brought it"\n2\t"a stray at the start\n3\tplain\n4\tplain\n5\tplain\n',
            'id,text\n1,"two\nlines, and more"\n2,"well, well"\n3,"oh, no\n4,fine\n',
            "sep=;\nid;text\n1;a,b\n",
        ):
            (tmp_path / "in.csv").write_text(text, newline="")
            with open_delimited(tmp_path / "in.csv", {"text"}) as rows:
                delimiter = rows.header.delimiter
                expected = [row.cells for row in rows]
            assert in_module(page, "records.js", "parseDelimited", text, delimiter)[1:] == expected, text

    def test_cells_are_neutralised_as_on_the_command_line(self, open_page: OpenPage) -> None:
        page = open_page()
        for cell in (
            "=1",
            "+49 30 1",
            "-",
            "-5",
            "+1.5e3",
            "@x",
            "\tx",
            "\rx",
            "x=1",
            "",
            "'=1",
            "-3,5 %",
            "a\n=1",
            "\r=1",
            "＝1",
            "a\r\n－1",
            "a\n-5",
        ):
            assert in_module(page, "csv.js", "neutralised", cell) == neutralised(cell), cell

    def test_what_is_written_is_read_back(self, open_page: OpenPage) -> None:
        page = open_page()
        table = [["a", 'b "c"', "d\r\ne"], ["", "x,y", " "]]
        written = in_module(page, "csv.js", "toCsv", table)
        assert written["changed"] == 0
        assert in_module(page, "records.js", "parseDelimited", written["text"][1:], ",") == table
        assert in_module(page, "csv.js", "toCsv", [["=1", "-5"], ["@a", "b\n+c"]])["changed"] == 3


def in_module(page: Page, module: str, function: str, *arguments: object) -> object:
    """What a function of one of the page's modules returns."""
    return page.evaluate(
        "async ([module, name, given]) => (await import(`/static/js/files/${module}`))[name](...given)",
        [module, function, list(arguments)],
    )
