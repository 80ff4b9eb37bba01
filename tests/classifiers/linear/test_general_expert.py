"""The general expert: two parts in one decision, exact reasons, and what an artifact may hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from opinionlens.base.errors import ArtifactUnsupported
from opinionlens.classifiers.artifact import write_artifact
from opinionlens.classifiers.linear.general_expert import GeneralExpert
from opinionlens.classifiers.linear.general_weights import GeneralWeights
from opinionlens.classifiers.linear.linear_classifier import LinearClassifier, LinearModel
from opinionlens.classifiers.linear.weights import LinearWeights
from opinionlens.classifiers.load import load_classifier
from opinionlens.classifiers.manifest import Manifest
from opinionlens.classifiers.uncertainty import UncertainReason, Uncertainty
from opinionlens.features.spec import FeatureSpec
from opinionlens.text.general import GENERAL_FEATURES, general_values
from opinionlens.text.recipe import RECIPES

SPEC = FeatureSpec(RECIPES["social-v2"], (1, 2), (2, 3), lexicon=True)
SPECS = {"beside": SPEC, "inside": replace(SPEC, opinions=True)}  # the values beside the n-grams, too
CODE = "for (int i = 0; i < n; i++) { sum[i] = f(x[i]); } return {sum};"
TEXTS = (
    "@united @delta @jetblue thanks",
    "I love it",
    "no complaints about the great food, but the service is a disaster 👎",
    "Is this any good?",
    "",
    "😀😀",
    CODE,
    "don't love it :( not the worst",
)


@pytest.fixture
def general() -> GeneralWeights:
    rng = np.random.default_rng(3)
    return GeneralWeights(
        coef=rng.normal(size=(3, len(GENERAL_FEATURES))),
        intercept=rng.normal(size=3),
        terms=["<user>", "thanks", "love"],
        likeness=np.array([8.0, 1.0, 0.5]),
        unseen=1e-6,
        low=-0.5,
        high=1.5,
        floor=0.1,
    )


@pytest.fixture(params=SPECS.values(), ids=list(SPECS))
def parts(
    request: pytest.FixtureRequest,
    general: GeneralWeights,
    make_weights: Callable[..., LinearWeights],
    make_manifest: Callable[..., Manifest],
) -> tuple[LinearClassifier, LinearClassifier]:
    """The same n-grams without the expert, and with it."""
    weights = make_weights(request.param, tf="log", normalise=True, labels=3)
    uncertainty = Uncertainty(unfamiliar_confidence=0.9)
    alone = LinearClassifier(make_manifest(request.param, uncertainty=uncertainty), weights)
    manifest = make_manifest(request.param, uncertainty=uncertainty, general=GENERAL_FEATURES)
    return alone, LinearClassifier(manifest, replace(weights, general=general))


def test_the_gate_opens_by_the_mean_likeness(general: GeneralWeights) -> None:
    gate = GeneralExpert(general).gate
    # (3 * 8 - 6) / (3 words + 6) = 2, above `high`
    assert gate.mixture(["<user>", "<user>", "<user>"]) == (1.0, 1.0, 0.0, True)
    # (8 - 6) / (1 + 6) = 0.2857: (0.2857 + 0.5) / 2 of the way; the n-grams count 0.1 + 0.9 of it, the
    # expert the rest of the way to the power of 1.5
    share, domain, expert, _ = gate.mixture(["<user>", "😀", "!"])
    assert share == pytest.approx(0.392857, abs=1e-6)
    assert domain == pytest.approx(0.453571, abs=1e-6)
    assert expert == pytest.approx(0.607143**1.5, abs=1e-6)
    # Nothing to look at, and words of English at large that training lacked, are below `low`.
    assert gate.mixture([]) == (0.0, 0.1, 1.0, True)
    assert gate.mixture(["the", "soup", "of", "the", "day"] * 5) == (0.0, 0.1, 1.0, True)


def test_the_decision_is_the_weighted_sum_of_both(
    general: GeneralWeights, parts: tuple[LinearClassifier, LinearClassifier]
) -> None:
    alone, both = parts
    for text in TEXTS:
        mixture = both.reader.read(text).mixture
        pieces = SPEC.recipe.pieces(text)
        values = general_values(text, pieces) if mixture.is_prose else [0.0] * len(GENERAL_FEATURES)
        own = general.coef @ np.array(values) + general.intercept
        expected = mixture.domain * alone.decision_values([text])[0] + mixture.expert * own
        np.testing.assert_allclose(both.decision_values([text])[0], expected, rtol=0, atol=1e-12)
        assert both.predict(text).probabilities == pytest.approx(
            both.predict_proba([text])[0].tolist(), abs=1e-12
        )


def test_an_explanation_reads_the_text_once(
    parts: tuple[LinearClassifier, LinearClassifier], monkeypatch: pytest.MonkeyPatch
) -> None:
    both = parts[1]
    mixture, seen = both.expert.mixture, []

    def counted(text: str, pieces: Sequence[str], tokens: Sequence[str]) -> object:
        seen.append(text)
        return mixture(text, pieces, tokens)

    monkeypatch.setattr(both.expert, "mixture", counted)
    explanation = both.explain(TEXTS[2])
    assert seen == [TEXTS[2]]
    assert explanation.prediction == both.predict(TEXTS[2])


def test_a_text_of_the_domain_is_answered_by_the_n_grams_alone(
    parts: tuple[LinearClassifier, LinearClassifier],
) -> None:
    alone, both = parts
    assert both.predict(TEXTS[0]) == alone.predict(TEXTS[0])
    assert both.explain(TEXTS[0]).contributions == alone.explain(TEXTS[0]).contributions


@pytest.mark.parametrize("text", TEXTS)
def test_the_contributions_of_both_add_up(
    text: str, parts: tuple[LinearClassifier, LinearClassifier]
) -> None:
    _, both = parts
    explanation = both.explain(text)
    decision = both.decision_values([text])[0]
    for found in (explanation.contributions, explanation.by_token()):
        total = np.array(explanation.bias) + sum((np.array(part.values) for part in found), np.zeros(3))
        np.testing.assert_allclose(total, decision, rtol=0, atol=1e-9)
    assert explanation.share == both.reader.read(text).mixture.share


def test_the_expert_names_its_features_and_places(parts: tuple[LinearClassifier, LinearClassifier]) -> None:
    found = {
        one.feature: one for one in parts[1].explain("I love it").contributions if one.block == "general"
    }
    assert found["vader_compound"].spans == ((2, 6),)
    assert found["opinion"].spans == ((2, 6),)


def test_code_is_neither_praise_nor_blame(
    general: GeneralWeights, parts: tuple[LinearClassifier, LinearClassifier]
) -> None:
    _, both = parts
    np.testing.assert_allclose(both.decision_values([CODE])[0], general.intercept)
    assert both.predict(CODE).reason is UncertainReason.UNFAMILIAR_TEXT
    assert both.explain(CODE).share == 0


@pytest.mark.parametrize(
    ("confidence", "share", "is_prose", "reason"),
    [
        (0.59, 0.49, True, UncertainReason.UNFAMILIAR_TEXT),
        (0.61, 0.49, True, None),
        (0.61, 0.0, False, UncertainReason.UNFAMILIAR_TEXT),
        (0.69, 0.5, True, UncertainReason.LOW_CONFIDENCE),
        (0.71, 0.5, True, None),
    ],
)
def test_each_part_has_its_own_threshold(
    confidence: float, share: float, is_prose: bool, reason: UncertainReason | None
) -> None:
    from opinionlens.classifiers.uncertainty import Familiarity

    uncertainty = Uncertainty(min_confidence=0.7, unfamiliar_confidence=0.6)
    found = uncertainty.reason(confidence, 3, Familiarity(3, 3), share=share, is_prose=is_prose)
    assert found is reason


def test_an_artifact_keeps_it(
    parts: tuple[LinearClassifier, LinearClassifier],
    general: GeneralWeights,
    make_weights: Callable[..., LinearWeights],
    tmp_path: Path,
) -> None:
    _, both = parts
    weights = make_weights(both.manifest.features, tf="log", normalise=True, labels=3)
    model = LinearModel(replace(weights, general=general))
    write_artifact(tmp_path / "artifact", both.manifest, model, list(TEXTS))
    found = load_classifier(tmp_path / "artifact")
    np.testing.assert_array_equal(found.predict_proba(TEXTS), both.predict_proba(TEXTS))


@pytest.mark.parametrize("names", [(), GENERAL_FEATURES[:-1], (*GENERAL_FEATURES, "more")])
def test_other_general_features_than_the_weights_have_are_refused(
    names: Sequence[str],
    general: GeneralWeights,
    make_weights: Callable[..., LinearWeights],
    make_manifest: Callable[..., Manifest],
) -> None:
    weights = replace(make_weights(SPEC, tf="log", normalise=True, labels=3), general=general)
    with pytest.raises(ArtifactUnsupported, match="other general features"):
        LinearClassifier(make_manifest(SPEC, general=tuple(names)), weights)


@pytest.mark.parametrize(
    "change",
    [
        {"coef": np.zeros((3, 2))},
        {"coef": np.full((3, len(GENERAL_FEATURES)), np.nan)},
        {"likeness": np.zeros(2)},
        {"low": 2.0},
        {"floor": 1.5},
        {"unseen": 0.0},
        {"high": float("inf")},
    ],
)
def test_numbers_that_cannot_be_are_refused(change: dict[str, object], general: GeneralWeights) -> None:
    with pytest.raises(ArtifactUnsupported, match="cannot be used"):
        replace(general, **change)


def test_an_expert_for_other_labels_is_refused(
    general: GeneralWeights, make_weights: Callable[..., LinearWeights]
) -> None:
    weights = make_weights(SPEC, tf="log", normalise=True, labels=2)
    with pytest.raises(ArtifactUnsupported, match="another number of labels"):
        replace(weights, general=general)


def test_half_of_the_arrays_are_refused(
    general: GeneralWeights, make_weights: Callable[..., LinearWeights], tmp_path: Path
) -> None:
    weights = replace(make_weights(SPEC, tf="log", normalise=True, labels=3), general=general)
    weights.save(tmp_path / "weights.npz")
    with np.load(tmp_path / "weights.npz") as archive:
        arrays = {name: archive[name] for name in archive.files if name != "gate.values"}
    np.savez(tmp_path / "weights.npz", **arrays)
    with pytest.raises(ArtifactUnsupported, match=r"gate\.values"):
        LinearWeights.load(tmp_path / "weights.npz")
