"""Promotion: what is registered, who becomes champion, and what a refusal leaves behind."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from opinionlens.base.errors import ArtifactTampered, LibraryMissing, PromotionRefused
from opinionlens.classifiers.kinds import library_missing
from opinionlens.evaluation.everyday import EverydaySentences
from opinionlens.evaluation.gate import Contender, GateRules
from opinionlens.pipeline import promote as promotion
from opinionlens.pipeline.other_kinds import OtherKind
from opinionlens.pipeline.promote import Evidence, candidate_from, promote
from opinionlens.pipeline.row_sets import RowSet
from opinionlens.pipeline.splits_on_disk import LabelledTexts
from opinionlens.registry import MemoryRegistry, SourceRun
from opinionlens.registry.port import CHAMPION

NAME = "opinionlens"
# These classifiers know fifteen words: their calibration, and what they make of typos, is not the point here.
RULES = GateRules(resamples=200, max_calibration_error=0.99, behaviour_slack=0.5)


@pytest.fixture
def evidence(labelled_words):
    texts, labels = labelled_words
    always_neutral = np.tile([0.2, 0.6, 0.2], (len(texts), 1))
    return Evidence(texts, labels, lambda: [Contender("zero_rule", always_neutral)])


@pytest.fixture
def registry():
    return MemoryRegistry()


def through(artifact, registry, evidence, *, rules=RULES, **options):
    candidate = candidate_from(artifact, lambda run_id: None)
    return promote(
        candidate, registry, name=NAME, experiment="OpinionLens", evidence=evidence, rules=rules, **options
    )


def test_first_promotion_beats_the_baselines_and_becomes_champion(registry, evidence, word_classifier):
    result = through(word_classifier("a", skill=5), registry, evidence)
    assert result.promoted
    assert registry.by_alias(NAME, CHAMPION).number == result.version.number == 1
    assert result.version.scores == {"test_f1_score": 0.75}
    assert result.version.tags["gate"] == "passed"


def test_scores_by_slice_and_source_travel_with_the_version(registry, evidence, word_classifier):
    texts = LabelledTexts(["great", "awful", "awful"], ["POSITIVE", "NEGATIVE", "POSITIVE"], ["a"] * 3)
    rows = (RowSet("slices", "short_text", texts), RowSet("sources", "a", texts))
    result = through(word_classifier("a", skill=5), registry, replace(evidence, rows=rows))
    evals = json.loads(registry.version(NAME, result.version.number).tags["evals"])
    assert evals["slices"]["short_text"] == evals["sources"]["a"]
    assert (evals["sources"]["a"]["n"], evals["sources"]["a"]["accuracy"]) == (3, 0.66667)
    assert all(0 <= rate <= 1 for rate in evals["behaviour"].values())
    assert evals["speed"]["n"] == 200
    assert 0 < evals["speed"]["together_us"] < 1e6
    assert 0 < evals["speed"]["alone_us"] < 1e6
    assert int(result.version.tags["bytes"]) > 0


def test_scores_that_a_tag_has_no_room_for_are_named(registry, evidence, word_classifier):
    texts = LabelledTexts(["great"], ["POSITIVE"], ["a"])
    # Each takes 57 characters or more: "file_000":{"n":1,"macro_f1":1.0,"accuracy":1.0,"ece":0.1},
    rows = tuple(RowSet("sources", f"file_{number:03}", texts) for number in range(90))
    result = through(word_classifier("a", skill=5), registry, replace(evidence, rows=rows))
    tags = registry.version(NAME, result.version.number).tags
    assert result.left_out == ("lengths", "hard_behaviour", "behaviour", "sources")
    assert tags["evals.left_out"] == "lengths, hard_behaviour, behaviour, sources"
    assert set(json.loads(tags["evals"])) == {"slices", "speed"}
    # With fewer files next time there is room again, and nothing is said to be left out.
    result = through(word_classifier("b", skill=4), registry, replace(evidence, rows=rows[:3]), force="fewer")
    assert result.left_out == ()
    assert registry.version(NAME, result.version.number).tags["evals.left_out"] == ""


EVERYDAY = EverydaySentences(
    texts=("lovely", "awful", "great", "hate", "happy", "worst", "broken", "not lovely"),
    labels=(
        "POSITIVE",
        "NEGATIVE",
        "POSITIVE",
        "NEGATIVE",
        "POSITIVE",
        "NEGATIVE",
        "NEGATIVE",
        "NEGATIVE",
    ),
    kinds=("plain",) * 7 + ("negation",),
)


def test_everyday_sentences_and_what_is_watched_travel_with_the_version(registry, evidence, word_classifier):
    texts = LabelledTexts(["great"], ["POSITIVE"], ["a"])
    asked = replace(evidence, rows=(RowSet("sources", "a", texts),), everyday=EVERYDAY)
    # "not lovely" is praise to it, with a confidence of .88.
    result = through(word_classifier("a", skill=5, strength=3.0), registry, asked)
    evals = json.loads(registry.version(NAME, result.version.number).tags["evals"])
    low, high = evals["everyday"]["all"].pop("accuracy_low"), evals["everyday"]["all"].pop("accuracy_high")
    figures = {
        name: evals["everyday"]["all"].pop(name)
        for name in ("macro_f1", "macro_f1_low", "macro_f1_high", "vader_macro_f1", "ece")
    }
    # Positive: 3 of 4 answers and of 3 rows, F1 6/7; negative: 4 of 4 answers and of 5 rows, 8/9.
    assert figures["macro_f1"] == 0.87302
    assert evals["everyday"] == {
        "all": {"n": 8, "accuracy": 0.875, "sure_and_wrong": 0, "uncertain": 0, "error_when_sure": 0.125},
        "plain": {"n": 7, "accuracy": 1.0},
        "negation": {"n": 1, "accuracy": 0.0},
    }
    assert low < 0.875 < high
    assert "negation_flips_complaints" in evals["hard_behaviour"]
    assert "negation_flips_complaints" not in evals["behaviour"]
    assert evals["lengths"]["at_most_32_tokens"]["n"] == 300


def test_scores_on_texts_of_other_kinds_are_recorded_and_decide_nothing(registry, evidence, word_classifier):
    texts = LabelledTexts(["great"], ["POSITIVE"], ["a"])
    others = (
        # Wrong throughout.
        OtherKind("films", ["lovely", "awful"], ["NEGATIVE", "POSITIVE"]),
        OtherKind("imdb", problem="it is not there"),
    )
    asked = replace(evidence, rows=(RowSet("sources", "a", texts),), other_kinds=others)
    result = through(word_classifier("a", skill=5), registry, asked)
    assert result.promoted
    other_kinds = json.loads(registry.version(NAME, result.version.number).tags["evals"])["other_kinds"]
    assert other_kinds["imdb"] == {"n": 0}
    assert (other_kinds["films"]["n"], other_kinds["films"]["accuracy"]) == (2, 0.0)
    assert (other_kinds["films"]["macro_f1"], other_kinds["films"]["error_when_sure"]) == (0.0, 1.0)


def test_a_champion_that_was_never_asked_is_asked_when_it_is_compared(registry, evidence, word_classifier):
    through(word_classifier("a", skill=5), registry, evidence)
    asked = replace(evidence, everyday=EVERYDAY)
    loose = replace(RULES, margin=0.99, behaviour_slack=1.0)
    result = through(word_classifier("b", skill=4), registry, asked, rules=loose, register_refused=True)
    found = {one["check"]: one for one in result.decision.details["findings"]}
    # It no longer knows "excellent" and "broken".
    assert (found["everyday"]["challenger"], found["everyday"]["champion"]) == (0.75, 0.875)
    assert found["everyday"]["passed"]


def test_one_that_is_sure_of_a_wrong_answer_is_refused_at_the_first_promotion(
    registry, evidence, word_classifier
):
    asked = replace(evidence, everyday=EVERYDAY)
    with pytest.raises(PromotionRefused, match=r"answers 1 wrong with a confidence above 0\.9"):
        through(word_classifier("a", skill=5, strength=6.0), registry, asked)
    assert registry.names() == []


def test_the_version_names_the_licences_of_the_texts_it_learnt_from(registry, evidence, word_classifier):
    artifact = word_classifier("a", skill=5, sources=("airline_tweets", "my_tickets"))
    tag = through(artifact, registry, evidence).version.tags["licences"]
    warning, airline, own = tag.split("\n")
    assert warning.startswith(
        "Some texts that it has learnt from may not be used commercially (airline_tweets)."
    )
    assert airline.startswith("airline_tweets: CC BY-NC-SA 4.0. ")
    assert own.startswith("my_tickets: Yours. ")


def test_a_version_of_unknown_sources_names_no_licence(registry, evidence, word_classifier):
    assert "licences" not in through(word_classifier("a", skill=5), registry, evidence).version.tags


def test_first_promotion_that_beats_nobody_is_refused_and_nothing_is_registered(
    registry, evidence, word_classifier
):
    with pytest.raises(PromotionRefused, match="zero_rule") as caught:
        through(word_classifier("a", skill=1, strength=0.1), registry, evidence)
    assert "--force" in str(caught.value)
    assert registry.names() == []


def test_better_challenger_replaces_the_champion(registry, evidence, word_classifier):
    through(word_classifier("a", skill=3), registry, evidence)
    result = through(word_classifier("b", skill=5), registry, evidence)
    assert result.promoted
    assert registry.by_alias(NAME, CHAMPION).number == 2


def test_worse_challenger_is_refused_with_numbers(registry, evidence, word_classifier):
    through(word_classifier("a", skill=5), registry, evidence)
    with pytest.raises(PromotionRefused, match=r"it is worse, beyond chance"):
        through(word_classifier("b", skill=2), registry, evidence)
    assert [version.number for version in registry.versions(NAME)] == [1]


def test_force_promotes_and_records_why(registry, evidence, word_classifier):
    through(word_classifier("a", skill=5), registry, evidence)
    result = through(word_classifier("b", skill=2), registry, evidence, force="smaller for the edge")
    assert result.promoted
    assert not result.decision.passed
    version = registry.by_alias(NAME, CHAMPION)
    assert version.number == 2
    assert version.tags["gate"] == "forced"
    assert version.tags["gate.forced_because"] == "smaller for the edge"
    assert "worse" in version.tags["gate.reasons"]


def test_register_refused_keeps_the_version_without_the_alias(registry, evidence, word_classifier):
    through(word_classifier("a", skill=5), registry, evidence)
    result = through(word_classifier("b", skill=2), registry, evidence, register_refused=True)
    assert not result.promoted
    assert result.version.tags["gate"] == "refused"
    assert registry.by_alias(NAME, CHAMPION).number == 1


def test_forcing_what_was_registered_before_records_the_reason(registry, evidence, word_classifier):
    through(word_classifier("a", skill=5), registry, evidence)
    worse = word_classifier("b", skill=2)
    through(worse, registry, evidence, register_refused=True)
    result = through(worse, registry, evidence, force="smaller for the edge")
    assert result.version.number == 2
    assert registry.by_alias(NAME, CHAMPION).tags["gate"] == "forced"
    assert registry.by_alias(NAME, CHAMPION).tags["gate.forced_because"] == "smaller for the edge"


def test_a_reason_that_was_not_needed_is_not_kept(registry, evidence, word_classifier):
    result = through(word_classifier("a", skill=5), registry, evidence, force="just in case")
    assert result.version.tags["gate"] == "passed"
    assert result.version.tags["gate.forced_because"] == ""


def test_promoting_the_champion_again_changes_nothing(registry, evidence, word_classifier):
    artifact = word_classifier("a", skill=5)
    through(artifact, registry, evidence)
    result = through(artifact, registry, evidence)
    assert result.decision is None
    assert len(registry.versions(NAME)) == 1


def test_behaviour_lower_than_the_champions_is_refused(registry, evidence, word_classifier):
    through(word_classifier("a", skill=4), registry, evidence)
    strict = replace(RULES, behaviour_slack=0.0, margin=0.99)
    with pytest.raises(PromotionRefused, match=r"pass rate of the challenger on \w+, [\d.]+%, is lower"):
        through(word_classifier("b", skill=2), registry, evidence, rules=strict)


def test_lineage_follows_to_a_registry_on_another_server(evidence, word_classifier):
    registry = MemoryRegistry(knows_run=lambda _: False)
    started = datetime(2026, 11, 1, tzinfo=UTC)
    run = SourceRun(
        "run-7", "tune_sklearn", {"C": "0.2"}, {"test_accuracy": 0.9}, {"git_commit": "abc"}, started, None
    )
    candidate = candidate_from(word_classifier("a", skill=5, run_id="run-7"), {"run-7": run}.get)
    result = promote(candidate, registry, name=NAME, experiment="OpinionLens", evidence=evidence, rules=RULES)
    assert result.version.tags["source_run_id"] == "run-7"
    assert result.version.tags["experiment"] == "OpinionLens"
    assert result.version.tags["git_commit"] == "abc"
    assert registry.has_run(result.version.run_id)


def test_damaged_artifact_is_never_promoted(registry, evidence, word_classifier):
    artifact = word_classifier("a", skill=5)
    weights = artifact / "weights.npz"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(ArtifactTampered):
        through(artifact, registry, evidence)


def test_a_champion_whose_files_are_lost_is_registered_again(registry, evidence, word_classifier):
    artifact = word_classifier("a", skill=5)
    first = through(artifact, registry, evidence)
    registry.replace_files(NAME, 1, {})
    result = through(artifact, registry, evidence)
    assert (result.promoted, result.decision, result.version.number) == (True, None, 2)
    assert "no longer in the artifact store" in str(result.lost)
    champion = registry.by_alias(NAME, CHAMPION)
    assert (champion.number, champion.servable) == (2, True)
    assert (champion.digest, champion.tags["gate"]) == (first.version.digest, "passed")
    again = through(artifact, registry, evidence)
    assert (again.version.number, again.promoted, again.lost) == (2, False, None)


@pytest.mark.parametrize("weights", [None, b"other bytes"])
def test_one_lost_or_changed_file_is_noticed_too(registry, evidence, word_classifier, weights):
    artifact = word_classifier("a", skill=5)
    through(artifact, registry, evidence)
    manifest = {"manifest.json": (artifact / "manifest.json").read_bytes()}
    registry.replace_files(NAME, 1, manifest if weights is None else manifest | {"weights.npz": weights})
    result = through(artifact, registry, evidence)
    assert (result.promoted, result.version.number) == (True, 2)
    assert result.lost


def test_a_foreign_champion_is_displaced_by_force_only_and_named(registry, evidence, word_classifier):
    registry.add_foreign(NAME)
    registry.set_alias(NAME, CHAMPION, 1)
    artifact = word_classifier("a", skill=5)
    with pytest.raises(
        PromotionRefused, match=r"version 1 is the champion, but `opinionlens promote` did not"
    ) as said:
        through(artifact, registry, evidence)
    assert "--force" in str(said.value)
    assert [version.number for version in registry.versions(NAME)] == [1]
    result = through(artifact, registry, evidence, force="the old system is gone")
    assert (result.promoted, result.displaced.number, result.version.number) == (True, 1, 2)
    assert through(word_classifier("b", skill=5), registry, evidence).displaced is None


def test_a_champion_that_somebody_went_back_to_is_displaced_by_force_only(
    registry, evidence, word_classifier
):
    through(word_classifier("a", skill=3), registry, evidence)
    through(word_classifier("b", skill=4), registry, evidence)
    registry.set_alias(NAME, CHAMPION, 1)
    better = word_classifier("c", skill=5)
    with pytest.raises(PromotionRefused, match="made version 1 the champion after version 2 was promoted"):
        through(better, registry, evidence)
    registered = through(better, registry, evidence, register_refused=True)
    assert (registered.promoted, registry.by_alias(NAME, CHAMPION).number) == (False, 1)
    assert "another program has made version 1 the champion" in registered.decision.reasons[0]
    result = through(better, registry, evidence, force="it is better")
    assert (result.promoted, result.displaced.number) == (True, 1)


def test_a_champion_whose_library_is_missing_is_one_sentence(
    registry, evidence, word_classifier, monkeypatch
):
    through(word_classifier("a", skill=3), registry, evidence)
    better = word_classifier("b", skill=5)
    candidate = candidate_from(better, lambda run_id: None)

    def lacks(path, digest):
        raise library_missing("onnx", "onnxruntime")

    monkeypatch.setattr(promotion, "load_classifier", lacks)
    with pytest.raises(LibraryMissing) as caught:
        promote(
            candidate,
            registry,
            name=NAME,
            experiment="OpinionLens",
            evidence=evidence,
            rules=RULES,
            force="yes",
        )
    assert str(caught.value) == (
        "The champion (version 1) cannot answer the texts that decide. "
        "A classifier of the kind 'onnx' needs the package onnxruntime. "
        "Install what it needs here, too: `pip install opinionlens`."
    )
    assert [version.number for version in registry.versions(NAME)] == [1]
