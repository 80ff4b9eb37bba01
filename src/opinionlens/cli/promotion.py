"""`opinionlens promote` and its older name `register_model`."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from opinionlens.base.progress import Bars
from opinionlens.base.settings import Settings, load_settings
from opinionlens.cli.registries import with_login
from opinionlens.evaluation.gate import GateRules
from opinionlens.pipeline.evidence import gather_evidence
from opinionlens.pipeline.origin import origin_of
from opinionlens.pipeline.params import Params, load_params
from opinionlens.pipeline.paths import Paths
from opinionlens.pipeline.promote import Candidate, PromotionResult, candidate_from, promote
from opinionlens.pipeline.tracked import source_run, tracking_of
from opinionlens.registry import Registry
from opinionlens.registry.naming import check_model_name


def run_promote(*, force: str | None) -> None:
    """Take `objects/classifier/` through the gate."""
    paths = Paths()
    settings = load_settings()
    params = load_params(paths.params)
    origin = origin_of(paths.classifier, paths.tuned)
    run_of = partial(source_run, tracking_of(settings.mlflow))
    candidate = candidate_from(paths.classifier, run_of, run_id=origin.run_id if origin else None)
    result = _through_the_gate(candidate, params.promotion.model_name, params, paths, settings, force=force)
    _tell(result)


def run_register_model(model_id: str, model_name: str, *, force: str | None) -> None:
    """Register a logged model and take it through the gate.

    It stays registered if the gate refuses to make it the champion.
    """
    paths = Paths()
    settings = load_settings()
    params = load_params(paths.params)
    tracking = tracking_of(settings.mlflow)
    with tempfile.TemporaryDirectory(prefix="opinionlens-register-") as folder:
        artifact = tracking.logged_classifier(model_id, Path(folder) / "artifact")
        run_id = tracking.run_of_classifier(model_id)
        candidate = candidate_from(artifact, partial(source_run, tracking), run_id=run_id)
        result = _through_the_gate(
            candidate, model_name, params, paths, settings, force=force, register_refused=True
        )
    _tell(result)


def _through_the_gate(
    candidate: Candidate,
    name: str,
    params: Params,
    paths: Paths,
    settings: Settings,
    *,
    force: str | None,
    register_refused: bool = False,
) -> PromotionResult:
    check_model_name(name)  # before minutes are spent on a name that cannot be registered
    trained_on = candidate.classifier.manifest.training.sources
    evidence = gather_evidence(paths, params, trained_on=trained_on, reporter=Bars())
    rules = GateRules(
        margin=params.promotion.tolerance,
        max_calibration_error=params.promotion.max_calibration_error,
        resamples=params.evaluation.bootstrap_samples,
        seed=params.base.random_seed,
    )

    def work(registry: Registry) -> PromotionResult:
        return promote(
            candidate,
            registry,
            name=name,
            experiment=settings.mlflow.remote_experiment_name,
            evidence=evidence,
            rules=rules,
            force=force,
            register_refused=register_refused,
        )

    return with_login(settings.mlflow, work)


def _tell(result: PromotionResult) -> None:
    console = Console()
    version = f"{escape(result.version.name)} version {result.version.number}"
    if result.lost is not None:
        console.print("The registry has lost or damaged the files of this champion.")
        console.print(f"[green]The same classifier is registered again: {version} is the champion.[/]")
        return
    if result.decision is None:
        console.print(f"{version} is the champion already; nothing changed.")
        return
    for reason in result.decision.reasons:
        console.print(f"[dim]·[/] {escape(reason)}", highlight=False, soft_wrap=True)
    if not result.promoted:
        console.print(f"[yellow]{version} is registered, but did not become the champion.[/]")
    elif result.decision.passed:
        console.print(f"[green]{version} is the champion.[/]")
    else:
        console.print(f"[yellow]{version} is the champion, against the gate; the reason is recorded.[/]")
    if result.left_out:
        tables = ", ".join(result.left_out)
        console.print(
            f"[yellow]The card of the version lacks {tables}: its tag `evals` has no room for them.[/] "
            "`dvc repro run_evals` writes all scores to metrics/run_evals.json.",
            soft_wrap=True,
        )
    if result.displaced is not None:
        number = result.displaced.number
        console.print(f"It displaces version {number}, which `opinionlens promote` did not make champion.")
