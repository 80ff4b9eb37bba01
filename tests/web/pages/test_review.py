"""`/admin/review` as the server sends it; tests/browser presses its keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing

import pytest
from starlette.testclient import TestClient
from tests.support.admin_pages import SECURITY, logged_in, words_in
from tests.support.stored_drift import add_texts
from tests.support.web_app import MakeSettings

from opinionlens.base.setting_groups import PrivacySettings
from opinionlens.base.settings import Settings
from opinionlens.storage import Database, feedback
from opinionlens.storage.forgetting import forget_text


@pytest.fixture
def own(make_settings: MakeSettings) -> Settings:
    return make_settings(groups={"security": SECURITY, "privacy": PrivacySettings(keep_texts=True)})


@pytest.fixture
def admin(own: Settings) -> Iterator[TestClient]:
    """A client that has logged in."""
    with logged_in(own, "/admin/review") as client:
        yield client


@pytest.fixture
def database(own: Settings, admin: TestClient) -> Iterator[Database]:
    with closing(Database(own.database.url.get_secret_value())) as database:
        yield database


def fields_of(page: str, form: str = "review-card") -> dict[str, str]:
    part = page.split(form, 1)[1].split("</form>", 1)[0]
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]+)"', part))


def test_without_texts_it_says_what_to_set(make_settings: MakeSettings, admin: TestClient) -> None:
    assert "No text waits for a label Texts appear here" in words_in(admin.get("/admin/review").text)
    with logged_in(make_settings(groups={"security": SECURITY}), "/admin/review") as client:
        said = words_in(client.get("/admin/review").text)
    assert "Texts are not stored here. PRIVACY__KEEP_TEXTS=true stores them" in said


def test_a_text_is_labelled_and_the_label_taken_back(admin: TestClient, database: Database) -> None:
    add_texts(database, "Two hours at the <gate>")
    page = admin.get("/admin/review").text
    assert "Two hours at the &lt;gate&gt;" in page
    answer = admin.post("/admin/review", data={**fields_of(page), "answer": "NEUTRAL"})
    said = words_in(answer.text)
    assert "Labelled as neutral. Undo Z" in said
    assert "No text waits for a label" in said
    assert "1 labelled here so far, 1 in the last 24 hours." in said
    (row,) = feedback.newest(database).rows
    assert (row.text, row.label, row.source) == ("Two hours at the <gate>", "NEUTRAL", "review")
    answer = admin.post("/admin/review", data={**fields_of(answer.text, "review-note"), "answer": "UNDO"})
    assert "Taken back." in words_in(answer.text)
    assert "Two hours at the <gate>" in words_in(answer.text)
    assert feedback.newest(database).total == 0


def test_a_text_is_skipped(admin: TestClient, database: Database) -> None:
    add_texts(database, "Hm")
    fields = fields_of(admin.get("/admin/review").text)
    said = words_in(admin.post("/admin/review", data={**fields, "answer": "SKIP"}).text)
    assert "Skipped for 30 days. Undo Z" in said
    assert "No text waits for a label" in said
    assert feedback.newest(database).total == 0


def test_a_skipped_text_takes_nearly_the_same_with_it(admin: TestClient, database: Database) -> None:
    add_texts(
        database,
        "Gate 7 is closed again today",
        "Gate 7 is closed again today!",
        "gate 7 is closed again today",
    )
    fields = fields_of(admin.get("/admin/review").text)
    said = words_in(admin.post("/admin/review", data={**fields, "answer": "SKIP"}).text)
    assert "No text waits for a label" in said


def test_a_form_of_another_site_changes_nothing(admin: TestClient, database: Database) -> None:
    add_texts(database, "Fine")
    fields = fields_of(admin.get("/admin/review").text) | {"answer": "POSITIVE"}
    assert admin.post("/admin/review", data={**fields, "csrf_token": "guessed"}).status_code == 403
    assert feedback.newest(database).total == 0


@pytest.mark.parametrize("wrong", [{"answer": "GREAT"}, {"prediction_id": "7"}, {"answer": ""}])
def test_a_form_without_text_or_label_is_refused(
    admin: TestClient, database: Database, wrong: dict[str, str]
) -> None:
    add_texts(database, "Fine")
    fields = fields_of(admin.get("/admin/review").text) | {"answer": "POSITIVE"}
    assert admin.post("/admin/review", data={**fields, **wrong}).status_code == 422


def test_a_text_that_was_deleted_meanwhile_is_told(admin: TestClient, database: Database) -> None:
    add_texts(database, "Delete me")
    fields = fields_of(admin.get("/admin/review").text)
    forget_text(database, "Delete me")
    answer = admin.post("/admin/review", data={**fields, "answer": "POSITIVE"})
    assert "That text is not kept any more." in words_in(answer.text)


def test_nobody_else_gets_in_or_gives_labels_of_that_source(admin: TestClient) -> None:
    admin.cookies.clear()
    assert admin.get("/admin/review", follow_redirects=False).headers["location"].startswith("/login")
    given = {"text": "Fine", "label": "POSITIVE", "source": " Review"}
    answer = admin.post("/api/v1/feedback", json=given)
    assert answer.status_code == 422
    assert "kept for the review queue" in answer.text
