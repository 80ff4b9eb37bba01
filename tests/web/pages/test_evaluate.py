"""`/admin/evaluate`: who may, what is refused and in which words, and what comes back."""

from __future__ import annotations

import asyncio
import re
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from opinionlens.base.errors import ServingBusy
from opinionlens.base.setting_groups import SecuritySettings
from opinionlens.classifiers.lexicon_classifier import LexiconClassifier
from opinionlens.datasets.own_rows import Wanted
from opinionlens.registry import MemoryRegistry
from opinionlens.server.bootstrap import prepare
from opinionlens.serving.batching import BatchPool
from opinionlens.serving.cache import ArtifactCache
from opinionlens.serving.store import ModelStore, ServedModel
from opinionlens.web.factory import create_app
from opinionlens.web.services.asked_models import AskedModels
from opinionlens.web.services.evaluations import EvaluationOrder, Evaluations, EvaluationTooLong

REPORT = "/admin/evaluate/report"
PASSWORD = "four quiet lenses look on"
CSV = b"text,label\ngreat,pos\nawful,neg\nwhat is this,neu\nawful <i>,pos\n"


@pytest.fixture
def send(promoted_client: TestClient, admin_key: str) -> Callable[..., Any]:
    """A function that sends a file with the key of an administrator."""

    def send(content: bytes = CSV, name: str = "mine.csv", **query: Any) -> Any:
        headers = {"Authorization": f"Bearer {admin_key}", "Content-Type": "application/octet-stream"}
        return promoted_client.post(
            REPORT, params={"file_name": name} | query, content=content, headers=headers
        )

    return send


@pytest.fixture(scope="module")
def browser(make_settings: Callable[..., Any]) -> Iterator[TestClient]:
    """A client that has logged in as a person does."""
    security = SecuritySettings(trusted_hosts="testserver,localhost", admin_password=SecretStr(PASSWORD))
    settings = make_settings(groups={"security": security}, max_body_bytes=1_000)
    prepare(settings)
    with TestClient(create_app(settings, registry=MemoryRegistry())) as client:
        token = re.search(r'name="token" value="([^"]+)"', client.get("/login").text)
        assert token
        sent = {"username": "admin", "password": PASSWORD, "next": "/admin", "token": token[1]}
        client.post("/login", data=sent)
        yield client


def test_a_report_comes_back_as_values_and_as_html(send: Callable[..., Any]) -> None:
    answer = send()
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    report, html = answer.json()["report"], answer.json()["html"]
    assert report["figures"]["name"] == "opinionlens 1"
    assert report["figures"]["confusion"] == [[1, 0, 0], [0, 1, 0], [1, 0, 1]]
    assert [one["name"] for one in report["compared"]] == ["VADER", "Commonest class"]
    assert "awful &lt;i&gt;" in html
    assert not re.search(r"\sstyle=|<script|<style|\son\w+=", html)


def test_another_version_is_compared_with_the_active_one(send: Callable[..., Any]) -> None:
    report = send(model="lexicon").json()["report"]
    assert report["figures"]["name"] == "built-in word list"
    assert (report["compared"][0]["name"], report["compared"][0]["accuracy"]) == (
        "opinionlens 1 (active)",
        0.75,
    )
    itself = send(model="opinionlens-1").json()["report"]
    assert itself["figures"]["name"] == "opinionlens 1"
    assert len(itself["compared"]) == 2


def test_columns_labels_and_rows_are_as_asked(send: Callable[..., Any]) -> None:
    content = b"a;b\n" + b"great;glad\nawful;sad\nso;odd\n" * 20
    query = {
        "text_column": "a",
        "label_column": "b",
        "labels": "glad=positive, sad=negative, odd=skip",
        "max_rows": 10,
    }
    report = send(content, **query).json()["report"]
    assert (report["n"], report["data"]["usable"], report["two_class"]) == (10, 40, True)


@pytest.mark.parametrize(
    ("content", "name", "query", "status", "words"),
    [
        (b"", "mine.csv", {}, 422, "The file is empty. Choose one with a header and labelled rows."),
        (CSV, "mine.xlsx", {}, 422, "The format of mine.xlsx is not known by its ending. Known are"),
        (CSV, "mine.csv.gz", {}, 422, "Unpack it, or use `opinionlens evaluate` on the command line"),
        (CSV, "mine.parquet", {}, 422, "Here a file may end in .csv .tsv .txt .jsonl .ndjson .json."),
        (b"PK\x03\x04rest", "mine.csv", {}, 422, "a zip archive (or an Excel workbook)"),
        (b"a,b\nx,y\n", "mine.csv", {}, 422, "there are: `a`, `b`. Name the column with the texts."),
        (
            b"text,label\nx,joy\n",
            "mine.csv",
            {},
            422,
            "Most labels are not understood: the column `label` has `joy` (1)",
        ),
        (b'[{"text": "x", ', "mine.json", {}, 422, "not valid at line 1"),
        (
            CSV,
            "mine.csv",
            {"labels": "bad"},
            422,
            "`bad` does not say what a label means. For example bad=NEGATIVE",
        ),
        (CSV, "mine.csv", {"model": "opinionlens-9"}, 404, "opinionlens-9 is not loaded. Fetch it"),
        (CSV, "mine.csv", {"model": "x"}, 404, "There is no such model."),
        (CSV, "mine.csv", {"max_rows": 5_001}, 422, "less than or equal to 5000"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(
    send: Callable[..., Any], content: bytes, name: str, query: dict[str, Any], status: int, words: str
) -> None:
    answer = send(content, name, **query)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert words in answer.json()["detail"]
    assert tempfile.gettempdir() not in answer.text
    assert str(Path.cwd()) not in answer.text


@pytest.mark.parametrize(
    "name", ["../../etc/x.csv", "/etc/x.csv", "..csv", ".csv", "a\0b.csv", "é" * 300 + ".csv"]
)
def test_a_name_leads_nowhere(send: Callable[..., Any], name: str) -> None:
    answer = send(name=name)
    assert answer.status_code in (200, 422)
    if answer.status_code == 200:
        assert "/" not in answer.json()["report"]["data"]["file"]
    else:
        assert answer.json()["detail"].startswith("The format of")


def test_who_is_not_an_administrator_is_refused(client: TestClient) -> None:
    assert client.post(REPORT, params={"file_name": "x.csv"}, content=CSV).status_code == 401
    page = client.get("/admin/evaluate", follow_redirects=False)
    assert (page.status_code, page.headers["Location"]) == (303, "/login?next=/admin/evaluate")


def test_a_session_needs_its_token(browser: TestClient) -> None:
    query = {"file_name": "mine.csv"}
    refused = browser.post(REPORT, params=query, content=CSV)
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf_failed")
    page = browser.get("/admin/evaluate").text
    token = re.search(r'<meta name="csrf-token" content="([^"]+)">', page)
    assert token
    answer = browser.post(REPORT, params=query, content=CSV, headers={"X-CSRF-Token": token[1]})
    assert answer.status_code == 200
    assert answer.json()["report"]["without_champion"] == "No trained version is active yet."
    too_large = browser.post(REPORT, params=query, content=CSV * 20, headers={"X-CSRF-Token": token[1]})
    assert (too_large.status_code, too_large.json()["detail"]) == (
        413,
        "The body may have at most 1000 bytes.",
    )


def test_the_page_offers_the_loaded_versions(browser: TestClient) -> None:
    page = browser.get("/admin/evaluate").text
    assert re.search(r'<option value="active">word list \(answers now\)</option>', page)
    assert '<option value="lexicon">Built-in word list</option>' in page
    assert "Up to 5,000 rows" in page
    assert '<a href="/admin/evaluate"' in browser.get("/admin").text


class SlowClassifier:
    """Answers when it is let, or never in the time that there is."""

    manifest = LexiconClassifier.manifest

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.begun = threading.Event()

    def predict_many(self, texts: Any) -> list[Any]:
        self.begun.set()
        self.go_on.wait(30)
        return []


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[tuple[SlowClassifier, Callable[..., Evaluations]]]:
    classifier = SlowClassifier()
    store = ModelStore(ArtifactCache(tmp_path), fallback=ServedModel(classifier, name="slow"))  # type: ignore[arg-type]
    pool = BatchPool(threads=1, queue=4)
    yield classifier, lambda **limits: Evaluations(store, AskedModels(store, None), pool, **limits)  # type: ignore[arg-type]
    classifier.go_on.set()
    pool.close()


ORDER = EvaluationOrder("mine.csv", CSV, "active", Wanted())


def test_an_evaluation_that_takes_too_long_is_ended(slow: Any) -> None:
    _, make = slow
    with pytest.raises(EvaluationTooLong) as caught:
        asyncio.run(make(longest_seconds=0.2).measure(ORDER))
    assert caught.value.status == 422
    assert "fewer rows" in str(caught.value.remedy)


def test_one_file_at_a_time(slow: Any) -> None:
    classifier, make = slow

    async def both() -> None:
        evaluations = make(longest_seconds=30)
        first = asyncio.create_task(evaluations.measure(ORDER))
        await asyncio.to_thread(classifier.begun.wait, 30)
        with pytest.raises(ServingBusy, match="Another file is being evaluated"):
            await evaluations.measure(ORDER)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        classifier.go_on.set()
        # The place is free again: the next one gets as far as the answers, of which there are none.
        with pytest.raises(ValueError, match="same rows"):
            await evaluations.measure(ORDER)

    asyncio.run(both())
