"""The model card: what a reader needs to know, from the manifest alone."""

import pytest
import yaml

from opinionlens.base.errors import InputError
from opinionlens.hub.pushing import check_score, interval_in, upload_of


@pytest.fixture
def model(scored_model, tmp_path):
    return scored_model(tmp_path / "made")


def front_matter(card):
    return yaml.safe_load(card.split("---\n")[1])


def test_front_matter_is_what_the_hub_reads(model):
    fields = front_matter(upload_of(model, "team/opinionlens").card)
    assert (fields["license"], fields["language"], fields["library_name"]) == ("other", ["en"], "opinionlens")
    assert fields["pipeline_tag"] == "text-classification"
    [result] = fields["model-index"][0]["results"]
    assert [(one["type"], one["value"]) for one in result["metrics"]] == [
        ("f1", 0.75588),
        ("accuracy", 0.77327),
    ]


def test_scores_have_their_rows_and_intervals(model):
    card = upload_of(model, "team/opinionlens", (0.74573, 0.76638)).card
    assert "On 6,876 texts of the test split" in card
    assert "| macro F1 | 0.7559 | 0.7457 to 0.7664 |" in card
    # Wilson's interval of 5317 of 6876, by hand: centre (p + z²/2n) / (1 + z²/n), z = 1.96.
    assert "| accuracy | 0.7733 | 0.7632 to 0.7830 |" in card
    assert "| calibration error (ECE) | 0.0134 | – |" in card


def test_an_interval_that_is_not_known_is_not_invented(model):
    assert "| macro F1 | 0.7559 | – |" in upload_of(model, "team/opinionlens").card


def test_sources_come_with_licence_and_warning(model):
    card = upload_of(model, "team/opinionlens").card
    assert "27,476 texts." in card
    assert "twitter" in card.lower() or "tweets" in card.lower()
    assert "[" in card.split("## What it has learnt from")[1].split("## Limits")[0]


def test_a_source_without_card_is_named_as_it_is(scored_model, tmp_path):
    model = scored_model(tmp_path / "made", sources=("our_mails",))
    assert "| `our_mails` |" in upload_of(model, "team/opinionlens").card
    assert "language" not in front_matter(upload_of(model, "team/opinionlens").card)


def test_a_model_without_scores_says_so(scored_model, tmp_path):
    model = scored_model(tmp_path / "made", scores={})
    card = upload_of(model, "team/opinionlens").card
    assert "None are recorded in the artifact." in card
    assert "model-index" not in front_matter(card)


def test_the_card_tells_how_to_load_exactly_this_model(model):
    card = upload_of(model, "team/opinionlens").card
    assert f'revision="v-{model.digest[:7]}"' in card
    assert model.digest in card
    assert '"team/opinionlens"' in card


def test_tag_and_message_name_model_and_score(model):
    upload = upload_of(model, "team/opinionlens")
    assert upload.tag == f"v-{model.digest[:7]}"
    assert "macro F1 0.7559 on 6,876 test texts" in upload.message
    assert set(upload.files) == {"manifest.json", *model.manifest.files}


def test_a_score_below_the_threshold_is_refused(model):
    assert check_score(model.manifest, 0.75588) == 0.75588
    with pytest.raises(InputError, match=r"0\.7559, below MIN_F1_THRESHOLD, which is 0\.8"):
        check_score(model.manifest, 0.8)


@pytest.mark.parametrize("scores", [{}, {"test_accuracy": 0.9}, {"test_f1_score": float("nan")}])
def test_a_missing_score_is_refused(scores, scored_model, tmp_path):
    manifest = scored_model(tmp_path / "made").manifest
    import dataclasses

    training = dataclasses.replace(manifest.training, scores=scores)
    with pytest.raises(InputError, match="no macro F1"):
        check_score(dataclasses.replace(manifest, training=training), 0.0)


def test_the_metrics_file_gives_the_interval(model, metrics_file):
    assert interval_in(metrics_file(), model.manifest) == (0.74573, 0.76638)


@pytest.mark.parametrize("changes", [{"n": 6875}, {"macro_f1": 0.7557}])
def test_a_metrics_file_of_another_model_is_refused(changes, model, metrics_file):
    with pytest.raises(InputError, match="of another model"):
        interval_in(metrics_file(**changes), model.manifest)


def test_a_file_that_is_no_metrics_file_is_refused(model, tmp_path):
    (tmp_path / "x.json").write_text("[]")
    for name in ("x.json", "none.json"):
        with pytest.raises(InputError, match="no metrics file"):
            interval_in(tmp_path / name, model.manifest)
