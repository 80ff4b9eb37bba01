"""Promotion: register a classifier and make it the champion.

Only if the gate finds it no worse.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from opinionlens.base.errors import (
    ArtifactMissing,
    ArtifactTampered,
    LibraryMissing,
    PromotionRefused,
    VersionNotFound,
    VersionNotServable,
)
from opinionlens.classifiers.classifier import Classifier
from opinionlens.classifiers.kinds import installation
from opinionlens.classifiers.load import load_classifier
from opinionlens.classifiers.manifest_reading import read_manifest
from opinionlens.datasets.licences import licences_of, warning_of
from opinionlens.evaluation.behaviour import pass_rates
from opinionlens.evaluation.everyday import EverydayResult, EverydaySentences, score_everyday
from opinionlens.evaluation.gate import Contender, GateDecision, GateRules, decide
from opinionlens.evaluation.hard_behaviour_cases import HARD_CHECKS
from opinionlens.evaluation.scores import score
from opinionlens.pipeline.by_length import probabilities_of, scores_by_length
from opinionlens.pipeline.card_scores import Drawing, card_scores
from opinionlens.pipeline.evals_tag import LEFT_OUT_TAG, LONGEST_TAG, EvalsTag, evals_tag
from opinionlens.pipeline.everyday_sentences import everyday_scores
from opinionlens.pipeline.other_kinds import OtherKind
from opinionlens.pipeline.reporting import rounded
from opinionlens.pipeline.row_sets import RowSet
from opinionlens.pipeline.speed import speed_of
from opinionlens.registry.port import CHAMPION, EVALS_TAG, Registry, SourceRun, Version
from opinionlens.registry.publishing import publish
from opinionlens.registry.tags import fault_of

GATE_TAG = "gate"
REASONS_TAG = "gate.reasons"
FORCED_TAG = "gate.forced_because"
PROMOTED_TAG = "promoted_at"
LICENCES_TAG = "licences"
_MADE_CHAMPION = ("passed", "forced")
_FORCE = 'Promote it all the same with --force "the reason", which is recorded.'


@dataclass(frozen=True)
class Candidate:
    """An artifact to be promoted, and its run."""

    artifact: Path
    digest: str
    classifier: Classifier
    source: SourceRun | None


@dataclass(frozen=True)
class Evidence:
    """The rows and baselines that decide on a promotion.

    Challenger and champion are compared on the rows; a first challenger has to beat the baselines. `rows` are
    the slices and sources whose scores are recorded with the version, for its card; both also answer the
    `everyday` sentences, where there are any. Scores on `other_kinds` are recorded, too, and decide nothing.
    """

    texts: Sequence[str]
    labels: Sequence[str]
    baselines: Callable[[], Sequence[Contender]]
    rows: Sequence[RowSet] = ()
    everyday: EverydaySentences | None = None
    other_kinds: Sequence[OtherKind] = ()


@dataclass(frozen=True)
class Pairing:
    """A challenger and the champion that it is compared with.

    Without a servable champion `champion` is None. The names are those in the gate's sentences.
    """

    challenger: Classifier
    champion: Classifier | None
    challenger_name: str = "the challenger"
    champion_name: str = ""


Decide = Callable[[Pairing, Evidence, GateRules], GateDecision]


@dataclass(frozen=True)
class PromotionResult:
    """The result of a promotion.

    Attributes:
        version: the candidate's.
        decision: that of the gate; None when the candidate was the champion already.
        promoted: whether the alias points to it now and did not before.
        displaced: the champion before, where `promote` had not made it so.
        lost: of the champion before, which was the same classifier, why its files cannot be served.
        left_out: tables of scores that the version's tag `evals` had no room for.
    """

    version: Version
    decision: GateDecision | None
    promoted: bool
    displaced: Version | None = None
    lost: str | None = None
    left_out: tuple[str, ...] = ()


def candidate_from(
    artifact: Path, run_of: Callable[[str], SourceRun | None], *, run_id: str | None = None
) -> Candidate:
    """Verify an artifact and look up its run.

    The run is `run_id`, or else the one that the artifact's lineage names.

    Raises:
        ArtifactError: it may not serve, so it may not be promoted.
    """
    read = read_manifest(artifact)
    classifier = load_classifier(artifact, read.digest)
    run_id = run_id or read.manifest.lineage.run_id
    return Candidate(artifact, read.digest, classifier, run_of(run_id) if run_id else None)


def promote(
    candidate: Candidate,
    registry: Registry,
    *,
    name: str,
    experiment: str,
    evidence: Evidence,
    rules: GateRules,
    force: str | None = None,
    register_refused: bool = False,
    decide_on: Decide | None = None,
    propose: bool = False,
) -> PromotionResult:
    """Register the candidate; make it champion if the gate agrees.

    It is registered under `name`, and the alias `champion` points at it. Promoting the champion's own digest
    again changes nothing, unless the registry has lost or damaged its files: then it is registered again.

    Args:
        candidate: the artifact to be promoted.
        registry: where versions are kept.
        name: the model's name.
        experiment: the remote experiment, for runs that have to be copied there.
        evidence: rows and baselines for the gate.
        rules: those of the gate.
        force: promote although the gate says no or another program chose the champion, for this reason, which
            is recorded with the version.
        register_refused: keep a refused candidate as a version without the alias, instead of raising.
        decide_on: how to decide; None for the gate on all rows at once (`decide_on_all`).
        propose: only register the candidate, with the decision; the alias stays where it is.

    Raises:
        PromotionRefused: the gate said no, or another program chose the champion; nothing was registered.
    """
    champion = _champion(registry, name)
    if champion is not None and champion.digest == candidate.digest:
        return _kept_or_restored(candidate, registry, champion, experiment)
    chosen_by_others = _why_not_ours(champion, registry)
    if propose:
        chosen_by_others, register_refused = None, True
    if chosen_by_others and force is None and not register_refused:
        raise PromotionRefused((chosen_by_others,), remedy=_FORCE)
    decision = _decided(candidate, champion, registry, decide_on or decide_on_all, evidence, rules)
    if chosen_by_others and force is None:
        reasons = () if decision.passed else decision.reasons
        decision = replace(decision, passed=False, reasons=(chosen_by_others, *reasons))
    allowed = decision.passed or force is not None
    if not allowed and not register_refused:
        raise PromotionRefused(decision.reasons, remedy=_FORCE)
    version = _registered(candidate, registry, name, experiment)
    # A digest that was registered before keeps its version; the gate's new decision still has to be recorded.
    evals = _evals(candidate.classifier, evidence, Drawing(rules.seed, rules.resamples))
    licences = _licences(candidate.classifier)
    tags = _tags(decision, force, propose=propose) | licences | (evals.as_tags() if evals else {})
    registry.set_tags(name, version.number, tags)
    if allowed and not propose:
        _crown(registry, version)
    return PromotionResult(
        registry.version(name, version.number),
        decision,
        promoted=allowed and not propose,
        displaced=champion if allowed and chosen_by_others else None,
        left_out=evals.left_out if evals else (),
    )


def _registered(
    candidate: Candidate, registry: Registry, name: str, experiment: str, *, again: bool = False
) -> Version:
    return publish(
        registry,
        name,
        candidate.artifact,
        digest=candidate.digest,
        source=candidate.source,
        experiment=experiment,
        tags={},
        scores=candidate.classifier.manifest.training.scores,
        again=again,
    )


def _crown(registry: Registry, version: Version) -> None:
    """Point the alias at a version and record when.

    So an alias that another program sets later is noticed.
    """
    registry.set_alias(version.name, CHAMPION, version.number)
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    registry.set_tags(version.name, version.number, {PROMOTED_TAG: now})


def _kept_or_restored(
    candidate: Candidate, registry: Registry, champion: Version, experiment: str
) -> PromotionResult:
    """Leave the champion, or register it again if lost.

    It is registered again where the registry has lost its files.
    """
    lost = _why_lost(champion, registry)
    if lost is None:
        return PromotionResult(champion, None, promoted=False)
    version = _registered(candidate, registry, champion.name, experiment, again=True)
    kept = [GATE_TAG, REASONS_TAG, FORCED_TAG, LICENCES_TAG]
    if fault_of(champion.tags) is None:
        kept += [EVALS_TAG, LEFT_OUT_TAG]
    tags = {tag: champion.tags[tag] for tag in kept if tag in champion.tags}
    registry.set_tags(version.name, version.number, tags)
    _crown(registry, version)
    return PromotionResult(registry.version(version.name, version.number), None, promoted=True, lost=lost)


def _why_lost(champion: Version, registry: Registry) -> str | None:
    """Return why the champion's files cannot be served, or None.

    They are fetched from the registry to see.
    """
    if not champion.servable:
        return champion.why_not_servable
    try:
        with tempfile.TemporaryDirectory(prefix="opinionlens-champion-") as folder:
            load_classifier(registry.download(champion, Path(folder) / "artifact"), champion.digest)
    except (ArtifactMissing, ArtifactTampered, VersionNotServable) as error:
        return error.what
    return None


def _why_not_ours(champion: Version | None, registry: Registry) -> str | None:
    """Return a sentence if another program chose this champion.

    None where `promote` did, or there is none.
    """
    if champion is None:
        return None
    number = champion.number
    if champion.tags.get(GATE_TAG) not in _MADE_CHAMPION:
        return (
            f"version {number} is the champion, but `opinionlens promote` did not make it so: a person or "
            "another program has set the alias"
        )
    promoted = [version for version in registry.versions(champion.name) if PROMOTED_TAG in version.tags]
    last = max(promoted, key=lambda version: version.tags[PROMOTED_TAG], default=champion)
    if last.number == number:
        return None
    return (
        f"a person or another program has made version {number} the champion after version {last.number} was "
        "promoted"
    )


def _champion(registry: Registry, name: str) -> Version | None:
    try:
        return registry.by_alias(name, CHAMPION)
    except VersionNotFound:
        return None


def _decided(
    candidate: Candidate,
    champion: Version | None,
    registry: Registry,
    decide_on: Decide,
    evidence: Evidence,
    rules: GateRules,
) -> GateDecision:
    """Decide on the candidate beside the champion's files."""
    if champion is None or not champion.servable:
        return decide_on(Pairing(candidate.classifier, None), evidence, rules)
    with tempfile.TemporaryDirectory(prefix="opinionlens-champion-") as folder:
        path = registry.download(champion, Path(folder) / "artifact")
        in_place = _in_place(path, champion)
        named = f"the champion (version {champion.number})"
        return decide_on(Pairing(candidate.classifier, in_place, champion_name=named), evidence, rules)


def _in_place(path: Path, champion: Version) -> Classifier:
    """Load the champion's files.

    Raises LibraryMissing with a sentence on the comparison.
    """
    try:
        return load_classifier(path, champion.digest)
    except LibraryMissing as error:
        raise LibraryMissing(
            f"The champion (version {champion.number}) cannot answer the texts that decide. {error.what}",
            remedy=f"Install what it needs here, too: {installation(str(champion.kind))}.",
        ) from error


def decide_on_all(pairing: Pairing, evidence: Evidence, rules: GateRules) -> GateDecision:
    """Decide by the gate on all rows at once."""
    challenger = _contender(pairing.challenger_name, pairing.challenger, evidence)
    if pairing.champion is None:
        return decide(evidence.labels, challenger, None, evidence.baselines(), rules)
    incumbent = _contender(pairing.champion_name, pairing.champion, evidence)
    return decide(evidence.labels, challenger, incumbent, (), rules)


def _contender(name: str, classifier: Classifier, evidence: Evidence) -> Contender:
    predict = partial(probabilities_of, classifier)
    return Contender(
        name, predict(evidence.texts), pass_rates(predict), _everyday(classifier, evidence.everyday)
    )


def _everyday(classifier: Classifier, sentences: EverydaySentences | None) -> EverydayResult | None:
    if sentences is None:
        return None
    return score_everyday(sentences, probabilities_of(classifier, sentences.texts))


def _evals(classifier: Classifier, evidence: Evidence, drawing: Drawing) -> EvalsTag | None:
    """Return the tag with scores and pass rates.

    The scores by slice and by source, and the pass rates of the checks.
    """
    if not evidence.rows:
        return None
    report: dict[str, Any] = {"slices": {}, "sources": {}}
    for rows in evidence.rows:
        scores = score(rows.texts.labels, probabilities_of(classifier, rows.texts.texts))
        named = {"n": scores.n, "macro_f1": scores.macro_f1, "accuracy": scores.accuracy, "ece": scores.ece}
        report[rows.kind][rows.name] = rounded(named)
    predict = partial(probabilities_of, classifier)
    report["behaviour"] = rounded(pass_rates(predict))
    report["hard_behaviour"] = rounded(pass_rates(predict, HARD_CHECKS))
    report["lengths"] = scores_by_length(classifier, evidence.texts, evidence.labels)
    report["speed"] = speed_of(classifier, evidence.texts)
    if evidence.everyday is not None:
        everyday = everyday_scores(classifier, evidence.everyday, drawing)
        report["everyday"] = {"all": everyday} | everyday.pop("kinds")
    if evidence.other_kinds:
        report["other_kinds"] = {
            one.name: card_scores(classifier, one.texts, one.labels, drawing) for one in evidence.other_kinds
        }
    return evals_tag(report)


def _licences(classifier: Classifier) -> dict[str, str]:
    """Return the tag with the licences of the training texts."""
    licences = licences_of(classifier.manifest.training.sources)
    if not licences:
        return {}
    lines = [f"{each.source}: {each.licence}. {each.terms}" for each in licences]
    return {LICENCES_TAG: "\n".join(filter(None, [warning_of(licences), *lines]))[:LONGEST_TAG]}


def _tags(decision: GateDecision, force: str | None, *, propose: bool) -> dict[str, str]:
    passed = "proposed" if propose else "passed"
    outcome = passed if decision.passed else "forced" if force is not None else "refused"
    because = force if outcome == "forced" and force is not None else ""
    return {
        GATE_TAG: outcome,
        REASONS_TAG: json.dumps(decision.reasons)[:LONGEST_TAG],
        FORCED_TAG: because[:LONGEST_TAG],
    }
