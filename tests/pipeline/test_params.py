"""What `params.yaml` accepts, and how it says no."""

from pathlib import Path
from typing import get_args

import pytest
import yaml

from opinionlens.base.errors import ParamsInvalid
from opinionlens.families.catalogue import FAMILIES
from opinionlens.pipeline.params import FamilyName, Params, load_params

ROOT = Path(__file__).parents[2]


def refusal(tmp_path: Path, text: str) -> str:
    path = tmp_path / "params.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ParamsInvalid) as caught:
        load_params(path)
    return str(caught.value)


def test_shipped_file_holds_every_key_and_the_defaults():
    written = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    defaults = Params().model_dump()
    assert {name: set(section) for name, section in written.items()} == {
        name: set(section) for name, section in defaults.items()
    }
    assert load_params(ROOT / "params.yaml") == Params(), (
        "params.yaml differs from the defaults; if that is an experiment of yours, keep it with "
        "`git stash push params.yaml` before the tests"
    )


def test_empty_file_means_the_defaults(tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text("", encoding="utf-8")
    assert load_params(path) == Params()


def test_unknown_key_is_named_with_line_and_choices(tmp_path):
    message = refusal(tmp_path, "base:\n  random_seed: 1\n  random_sed: 3\n")
    assert "line 3: unknown key `base.random_sed`; allowed here: random_seed" in message


def test_unknown_key_of_a_labelled_file_lists_its_own_choices(tmp_path):
    message = refusal(tmp_path, "data:\n  files:\n    - {name: a, path: b, label_map: {}, colum: c}\n")
    assert "line 3: unknown key `data.files.0.colum`" in message
    assert "text_column" in message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('training: {n_trials: "25"}', "`training.n_trials`"),
        ("training: {n_trials: 0}", "greater than or equal to 1"),
        ("training: {families: [perceptron]}", "'random_forest'"),
        ("preprocessing: {data_splits: [0.5, 0.2, 0.2]}", "must sum to 1, not 0.9"),
        ("features: {word_ngrams: [3, 1]}", "1 <= low <= high"),
        ("features: {word_ngrams: null, char_ngrams: null}", "cannot both be null"),
        ("promotion: {tolerance: false}", "`promotion.tolerance"),
        ('promotion: {tolerance: "0.02"}', "`promotion.tolerance"),
        ('preprocessing: {data_splits: ["0.8", "0.1", "0.1"]}', "`preprocessing.data_splits.0`"),
        ("training: {families: [nb_svm, nb_svm]}", "names a family twice"),
        ("data: {sources: []}", "name a source under `data.sources` or an own file under `data.files`"),
        ("data: {max_rows: 0}", "`data.max_rows`: must be a whole number of at least 1 for all sources"),
        ("data: {max_rows: -5}", "{imdb: 8000}, or null for all rows (found -5)"),
        ("data: {max_rows: many}", "must be a whole number of at least 1"),
        ("data: {max_rows: 8e3}", "must be a whole number of at least 1"),
        ("data: {max_rows: 80.5}", "must be a whole number of at least 1"),
        ("data: {max_rows: true}", "must be a whole number of at least 1"),
        ("data: {max_rows: [8000]}", "must be a whole number of at least 1"),
        ("data: {max_rows: {brand_tweets: 0}}", "must be a whole number of at least 1"),
        ("data: {max_rows: {brand_tweets: null}}", "must be a whole number of at least 1"),
        ("data: {max_rows: {}}", "names no source"),
        (
            "data: {sources: [imdb], max_rows: {imbd: 8000}}",
            "names `imbd`; those that take part (`data.sources`, `data.files`): imdb",
        ),
        ("recipe: {name: fancy}", "'plain-v1' or 'social-v1'"),
    ],
)
def test_wrong_value_says_what_is_allowed(tmp_path, text, expected):
    message = refusal(tmp_path, text)
    assert "line 1" in message
    assert expected in message


@pytest.mark.parametrize(
    ("written", "limits"),
    [
        ("null", {}),
        ("8000", {"imdb": 8000, "own": 8000}),
        ("{imdb: 8_000}", {"imdb": 8000}),
        ("{own: 1, imdb: 2}", {"own": 1, "imdb": 2}),
    ],
)
def test_a_number_of_rows_is_for_all_sources_or_for_each(tmp_path, written, limits):
    path = tmp_path / "params.yaml"
    own = "{name: own, path: own.csv, label_map: {good: POSITIVE}}"
    path.write_text(f"data: {{sources: [imdb], files: [{own}], max_rows: {written}}}", encoding="utf-8")
    assert load_params(path).data.limits(["imdb", "own"]) == limits


def test_consequences_of_a_fault_are_not_reported_as_faults(tmp_path):
    assert refusal(tmp_path, "training: {families: [perceptron]}").startswith("1 fault")


def test_key_written_twice_is_refused(tmp_path):
    assert "`n_trials` is written twice" in refusal(tmp_path, "training:\n  n_trials: 1\n  n_trials: 2\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("base: &a {x: *a}", "refers to another"),
        ("a: &a [1]\nb: [*a, *a]", "refers to another"),
        ("? [a, b]\n: 1", "a key must be a plain word"),
        ("[" * 5000, "is not YAML"),
    ],
)
def test_yaml_that_turns_in_circles_is_refused(tmp_path, text, expected):
    assert expected in refusal(tmp_path, text)


def test_what_is_not_yaml_and_what_is_not_there(tmp_path):
    assert "is not YAML" in refusal(tmp_path, "base: [")
    with pytest.raises(ParamsInvalid, match=r"cannot be read.*No such file"):
        load_params(tmp_path / "absent.yaml")


def test_every_family_of_the_catalogue_can_be_named():
    assert set(get_args(FamilyName)) == set(FAMILIES)


def test_label_map_keys_are_text_as_in_the_file(tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text("data: {files: [{name: a, path: b, label_map: {1: POSITIVE}}]}", encoding="utf-8")
    assert load_params(path).data.files[0].label_map == {"1": "POSITIVE"}


def test_own_files_may_be_all_there_is(tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text("data: {sources: [], files: [{name: a, path: b.csv, label_map: {p: POSITIVE}}]}")
    data = load_params(path).data
    assert (data.sources, [file.name for file in data.files]) == ((), ["a"])


def test_texts_of_other_kinds_cannot_be_learnt_from(tmp_path):
    message = refusal(tmp_path, "data: {sources: [imdb]}\nevaluation: {other_kinds: [amazon_food, imdb]}\n")
    assert "line 2: `evaluation`: `other_kinds` names `imdb`, which training gets" in message
    assert "amazon_food" not in message
    own = "data: {files: [{name: ours, path: ours.csv, label_map: {a: POSITIVE}}]}\n"
    for name in ("ours", "ours.csv"):
        message = refusal(tmp_path, own + f"evaluation: {{other_kinds: [{name}]}}\n")
        assert f"names `{name}`" in message
    assert "names a set twice" in refusal(tmp_path, "evaluation: {other_kinds: [imdb, imdb]}\n")


def test_no_texts_of_other_kinds_are_asked_for_by_default():
    # They would make metrics/run_evals.json depend on what lies in data/raw.
    assert Params().evaluation.other_kinds == ()
