"""`/admin/drift` as the server sends it; tests/browser looks at it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.support.admin_pages import SECURITY, logged_in, words_in
from tests.support.stored_drift import add_history, add_report, add_texts
from tests.support.waiting import wait_until
from tests.support.web_app import MakeSettings

from opinionlens.base.settings import Settings
from opinionlens.storage import Database, StorageUnavailable, users
from opinionlens.storage.users import Role


@pytest.fixture
def own(make_settings: MakeSettings) -> Settings:
    return make_settings(groups={"security": SECURITY})


@pytest.fixture
def admin(own: Settings) -> Iterator[TestClient]:
    """A client that has logged in."""
    with logged_in(own, "/admin/drift") as client:
        yield client


@pytest.fixture
def database(own: Settings, admin: TestClient) -> Iterator[Database]:
    with closing(Database(own.database.url.get_secret_value())) as database:
        yield database


def words_of(client: TestClient, status: int = 200) -> str:
    answer = client.get("/admin/drift")
    assert answer.status_code == status
    return words_in(answer.text)


def test_before_the_first_check_it_says_what_to_type(admin: TestClient) -> None:
    said = words_of(admin)
    assert "No check has been made yet" in said
    assert "opinionlens drift check" in said


def test_too_few_texts_are_no_answer(admin: TestClient, database: Database) -> None:
    add_report(database, 0.0, texts=37, status="too_little_data", measures=[], score=None)
    said = words_of(admin)
    assert "Only 37 texts were answered by opinionlens 7, too few to tell; 200 are needed." in said
    assert "opinionlens drift check --since 7d" in said


def test_no_drift_is_one_sentence_and_nothing_to_do(admin: TestClient, database: Database) -> None:
    add_history(database, [0.5, 0.6])
    said = words_of(admin)
    assert "Nothing unusual: 5,000 texts look like what opinionlens 7 was trained on." in said
    assert "What to do next Nothing to do." in said
    assert "Texts with these words" not in said


def test_a_report_on_the_served_folder_is_about_the_model_that_answers(
    make_settings: MakeSettings, write_word_model: Callable[..., str], tmp_path: Path
) -> None:
    digest = write_word_model(tmp_path / "served", {"great": 3.0})
    own = make_settings(groups={"security": SECURITY}, model_path=tmp_path / "served")
    with (
        logged_in(own, "/admin/drift") as client,
        closing(Database(own.database.url.get_secret_value())) as database,
    ):
        wait_until(lambda: client.get("/ready").status_code == 200, what="the folder's model answers")
        add_report(database, 0.5, name=f"opinionlens@{digest[:12]}", version=None)
        assert "What to do next Nothing to do." in words_of(client)
        add_report(database, 0.5, name="opinionlens@0123456789ab", version=None)
        assert f"opinionlens@{digest[:12]} answers now, and this report is about" in words_of(client)


def test_drift_is_told_in_everyday_sentences_with_words_and_texts(
    admin: TestClient, database: Database
) -> None:
    add_history(database, [0.5, 0.6, 1.8])
    add_texts(database, "the pilots are on #strike <b>again</b>", "where is my gate?")
    add_texts(database, "pilots of another version", version=6)
    said = words_of(admin)
    assert "The texts have changed: 5,000 texts differ from what opinionlens 7 was trained on." in said
    assert "The model is surer or less sure of its answers than it used to be." in said
    assert "#strike new 0.0 % → 34.0 %" in said
    assert "bag down 12.0 % → 3.0 %" in said
    assert "not … great up" in said
    assert "broken characters new" in said
    assert "ask where the texts come from which encoding" in said
    assert "the pilots are on #strike <b>again</b>" in said
    assert "<b>again" not in admin.get("/admin/drift").text
    assert "where is my gate?" not in said
    assert "another version" not in said
    assert "One check in 100 sounds the alarm although nothing has changed." in said


def test_a_viewer_sees_figures_and_no_text(admin: TestClient, database: Database) -> None:
    add_report(database, 1.8)
    add_texts(database, "the pilots are on #strike")
    assert "the pilots are on #strike" in words_of(admin)
    (user,) = users.everybody(database)
    users.set_role(database, user.name, Role.VIEWER)
    said = words_of(admin)
    assert "The texts have changed: 5,000 texts differ" in said
    assert "Texts that people sent are shown to analysts and admins." in said
    assert "are on #strike" not in said


def test_without_stored_texts_it_names_the_setting(admin: TestClient, database: Database) -> None:
    add_report(database, 1.8)
    assert "No texts of that time are stored. They are with PRIVACY__KEEP_TEXTS=true ." in words_of(admin)


def test_the_quality_of_answers_is_told_with_its_limits(admin: TestClient, database: Database) -> None:
    add_report(database, 1.8)
    said = words_of(admin)
    assert "71 % of the answers are expected to be right; at training it was 76 %." in said
    assert "Estimated now 0.712 (0.701 to 0.723) 0.664 (0.651 to 0.677)" in said
    assert "At training 0.765 0.747" in said
    assert "By feedback on 84 answers 0.580 (0.440 to 0.710) 0.520" in said
    assert "it assumes that they stay calibrated." in said
    assert "feedback is no fair sample" in said
    assert "No answer like the other 7 % has feedback." in said
    assert "The texts have changed, so label some of them before you rely on it." in said


def test_a_report_of_an_older_version_has_no_quality(admin: TestClient, database: Database) -> None:
    add_report(database, 0.5, quality=None)
    assert "How good are the answers?" not in words_of(admin)


def test_an_old_report_says_so(admin: TestClient, database: Database) -> None:
    add_report(database, 0.5, age=timedelta(hours=49))
    said = words_of(admin)
    assert "The last check was 2 days ago. At that time: Nothing unusual" in said
    assert "Checks have stopped, or nothing starts them: is opinionlens worker running?" in said


def test_a_report_of_47_hours_is_not_old(admin: TestClient, database: Database) -> None:
    add_report(database, 0.5, age=timedelta(hours=47))
    assert "Checks have stopped" not in words_of(admin)


def test_each_measure_has_a_picture_with_words_and_figures(admin: TestClient, database: Database) -> None:
    add_history(database, [0.5, 0.6, 1.8])
    page = admin.get("/admin/drift").text
    pictures = re.findall(r'<svg viewBox="[^"]+" role="img" aria-labelledby="(\S+) (\S+)">', page)
    assert len(pictures) == 8  # seven measures, and the greatest of them
    for title, description in pictures:
        assert f'<title id="{title}">' in page
        assert re.search(rf'<desc id="{description}">3 checks, (1|none) above the threshold\.', page)
    assert len(re.findall(r"<summary>Figures", page)) == 8
    assert 'class="change"' not in page  # all three checks are of one version


def test_another_model_is_marked_in_the_pictures(admin: TestClient, database: Database) -> None:
    add_history(database, [0.5, 0.6, 0.7, 0.4])
    assert admin.get("/admin/drift").text.count('class="change"') == 8


def test_a_report_on_a_file_is_not_shown(admin: TestClient, database: Database) -> None:
    add_report(database, 1.8, source="file")
    assert "No check has been made yet" in words_of(admin)


@pytest.mark.parametrize(
    "body",
    [
        {"measures": "many", "moved_words": 3, "score": "much", "texts": None, "served_words": [1]},
        {
            "measures": [{"name": "<new measure>", "value": 1.0}, {"title": "no name"}],
            "moved_words": [{"a": 1}],
        },
        {"measures": [{"name": "entropy", "title": "Entropy", "value": 2.0, "threshold": 1.0}]},
    ],
)
def test_what_another_version_wrote_is_no_error(
    admin: TestClient, database: Database, body: dict[str, object]
) -> None:
    add_report(database, 1.8, **body)
    assert "The texts have changed" in words_of(admin)


def test_while_the_database_is_away_it_says_so(admin: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise StorageUnavailable("The database does not answer.")

    monkeypatch.setattr("opinionlens.storage.drift_reports.last_served", away)
    said = words_of(admin, 503)
    assert "The database does not answer, so the reports cannot be shown." in said
    assert "Predictions go on meanwhile." in said
