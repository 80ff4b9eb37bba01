"""New labels: what takes part in a retraining, and what readers cannot do with theirs."""

from opinionlens.jobs.label_intake import EARLIER, READERS, TRUSTED, OldText, choose
from opinionlens.jobs.new_labels import LabelOrigin, digest_of, labelled_text, read_rows, write_rows
from opinionlens.text.labels import Label
from opinionlens.text.near_duplicates import words_of

GOOD, BAD = Label.POSITIVE, Label.NEGATIVE
FILE, REVIEW, FEEDBACK = LabelOrigin.FILE, LabelOrigin.REVIEW, LabelOrigin.READERS


def row(text, label=GOOD, origin=FILE, source="new.csv"):
    return labelled_text(text, label, origin, source)


def old(text, label="POSITIVE"):
    return OldText(row(text).key, words_of(text), label)


def texts(intake, source):
    return [each.text for each in intake.rows[source]]


def test_old_labels_stand_and_nothing_like_them_comes_in_on_another_side():
    old_data = [old("the crew was kind to all of us"), old("never again with them")]
    rows = [
        row("The crew was kind to all of us!"),
        row("never again with them", BAD),
        row(
            "so the crew was kind to all of us"
        ),  # in training it would give away a row of the old test split
        row("a new text about the gate"),
    ]
    intake = choose(rows, {}, old_data)
    assert texts(intake, TRUSTED) == ["a new text about the gate"]
    assert intake.left_out == {
        "already in the training data": 1,
        "contradicts the training data": 1,
        "nearly the same as a text of the training data": 1,
    }


def test_a_review_overrules_files_and_readers_and_the_last_review_counts():
    rows = [
        row("late again", BAD, REVIEW, "review"),
        row("late again", GOOD, FEEDBACK, "page"),
        row("late again", GOOD, FILE),
        row("late again", Label.NEUTRAL, REVIEW, "review"),
    ]
    intake = choose(rows, {}, [])
    assert [(each.text, each.label) for each in intake.rows[TRUSTED]] == [("late again", Label.NEUTRAL)]
    assert intake.rows[READERS] == ()


def test_readers_who_contradict_each_other_are_not_learnt_from():
    rows = [row("fine", GOOD, FEEDBACK, "page"), row("fine", BAD, FEEDBACK, "api")]
    intake = choose(rows, {}, [])
    assert intake.new == 0
    assert intake.left_out == {"the new labels of the text differ": 1}


def test_a_text_counts_once_however_often_it_is_sent():
    rows = [row(f"Buy nothing from them ever {sign}", BAD, FEEDBACK, "page") for sign in ["!", "?", ".", ":"]]
    assert texts(choose(rows, {}, []), READERS) == ["Buy nothing from them ever :"]


def test_no_name_and_no_crowd_of_names_gets_more_than_its_share():
    old_data = [old(f"old{n} text{n} number{n}") for n in range(5_000)]
    one_name = [row(f"one{n} reader{n} says{n}", GOOD, FEEDBACK, "page") for n in range(400)]
    assert len(choose(one_name, {}, old_data).rows[READERS]) == 100  # 2 % of 5,000
    many_names = [row(f"any{n} reader{n} says{n}", GOOD, FEEDBACK, f"bot {n}") for n in range(800)]
    intake = choose([*many_names, row("a file has no such bound")], {}, old_data)
    assert len(intake.rows[READERS]) == 500  # 10 %
    assert intake.left_out == {"more from readers than may take part": 300}
    assert len(intake.rows[TRUSTED]) == 1


def test_of_texts_nearly_the_same_the_learnt_one_stays_and_then_the_trusted_one():
    learnt = row("we waited two hours at the gate in Boston", BAD)
    same = row("so we waited two hours at the gate in Boston", BAD, FEEDBACK, "page")
    reviewed = row("and we waited two hours at the gate in Boston", BAD, REVIEW, "review")
    intake = choose([same, reviewed, learnt], {learnt.key: BAD}, [])
    assert (texts(intake, EARLIER), intake.new) == ([learnt.text], 0)
    intake = choose([same, reviewed], {}, [])
    assert (texts(intake, TRUSTED), texts(intake, READERS)) == ([reviewed.text], [])


def test_the_digest_depends_on_the_labels_alone():
    one, other = row("first"), row("second", BAD)
    assert digest_of([one, other], {"seed": 1}) == digest_of([other, one, one], {"seed": 1})
    assert digest_of([one], {"seed": 1}) != digest_of([row("first", BAD)], {"seed": 1})
    assert digest_of([one], {"seed": 1}) != digest_of([one], {"seed": 2})


def test_texts_of_feedback_are_not_written_beside_the_database(tmp_path):
    write_rows(tmp_path / "rows.json", [row("mine"), row("theirs", BAD, FEEDBACK, "page")])
    assert "theirs" not in (tmp_path / "rows.json").read_text(encoding="utf-8")
    mine, theirs = read_rows(tmp_path / "rows.json")
    assert (mine, theirs.text, theirs.key) == (row("mine"), "", row("theirs").key)
