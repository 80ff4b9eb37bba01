"""What is said of a run: to people, and to the program that trains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

EVENT = "opinionlens-retrain"
_LONGEST = 1_000
_MEASURES_NAMED = 5

Facts = Mapping[str, Any]


def facts_of(report: Facts) -> dict[str, Any]:
    """Return the little of a drift report that goes through XCom and into messages."""
    measures = [one for one in report.get("measures", ()) if one.get("has_drifted")]
    return {
        "status": report.get("status"),
        "score": report.get("score"),
        "texts": report.get("texts"),
        "source": report.get("source"),
        "measures": [one["name"] for one in measures],
        "model": report.get("model"),
    }


def drift_message(facts: Facts, run_id: str) -> dict[str, Any]:
    """Return the notification of drift; chats show its `text`."""
    return {"event": "drift", "text": drift_sentence(facts), "run_id": run_id, "drift": dict(facts)}


def drift_sentence(facts: Facts) -> str:
    """Return one sentence on a drift."""
    texts, score = facts.get("texts"), facts.get("score")
    number = f"{texts:,} texts" if isinstance(texts, int) else "The recent texts"
    named = list(facts.get("measures") or ())[:_MEASURES_NAMED]
    why = f" by {', '.join(named)}" if named else ""
    how = f" (score {score:.2f}; above 1 is drift)" if isinstance(score, int | float) else ""
    return f"Drift: {number} differ from the training texts{why}{how}."


def outcome_of(result: Facts) -> dict[str, Any]:
    """Return the gist of a retraining."""
    reasons = [str(one)[:_LONGEST] for one in result.get("reasons") or ()]
    return {**{key: result.get(key) for key in ("outcome", "version", "champion")}, "reasons": reasons[:5]}


def outcome_message(outcome: Facts, run_id: str) -> dict[str, Any]:
    """Return the notification of a retraining's end."""
    version = outcome.get("version")
    texts = {
        "promoted": f"Retraining: version {version} is the champion.",
        "proposed": f"Retraining: version {version} is proposed; activate it on /admin.",
        "refused": "Retraining: the new version is not good enough; the champion stays.",
    }
    known = "Retraining: there are too few new labels to learn from; label served texts on /admin/review."
    text = " ".join([texts.get(str(outcome.get("outcome")), known), *outcome["reasons"]])
    return {"event": "training", "text": text[:_LONGEST], "run_id": run_id, "training": dict(outcome)}


def failure_message(task_id: str, run_id: str, error: object, log_url: str) -> dict[str, Any]:
    """Return the notification of a task that failed for good."""
    reason = str(error)[:_LONGEST]
    return {
        "event": "failure",
        "text": f"sentiment_pipeline: the task {task_id} failed. {reason}",
        "run_id": run_id,
        "task_id": task_id,
        "log_url": log_url,
    }


def training_request(kind: str, facts: Facts, run_id: str) -> dict[str, Any]:
    """Return the body that asks another program to train.

    Args:
        kind: `github` for a repository dispatch, `http` for anything else.
        facts: What was found in the drift check.
        run_id: The same in each try, so that its receiver can tell a repetition.
    """
    if kind == "github":
        payload = {"run_id": run_id, "reason": drift_sentence(facts), "score": facts.get("score")}
        return {"event_type": EVENT, "client_payload": payload}
    return {"event": EVENT, "run_id": run_id, "reason": drift_sentence(facts), "drift": dict(facts)}
