"""The questions of `scripts/smoke.py`: what users of the API and its pages rely on."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from smoke_site import TRIES, Answer, NotAsked, Site, Wrong, expect, hold

LABELS = {"POSITIVE", "NEUTRAL", "NEGATIVE"}
PRAISE, COMPLAINT = "I love it, what a great day!", "Awful. I hate it, what a terrible day."
MODELS = "/api/v1/models"
INFERENCE = "/api/v1/inference"
METRICS = (
    "model_inference_time_seconds",
    "predicted_sentiment_total",
    "sentiment_requests_total",
    "http_requests_total",
)


def health(site: Site) -> str:
    """GET /health."""
    answer = site.ask("/health", **{"X-Request-ID": "smoke-1"})
    expect(answer, 200)
    hold(answer.json().get("status") == "ok", f"it says {answer.text[:80]}")
    hold(answer.headers.get("x-request-id") == "smoke-1", "the header X-Request-ID does not come back")
    return ""


def ready(site: Site) -> str:
    """GET /ready."""
    answer = site.ask("/ready")
    expect(answer, 200, 503)
    state = answer.json()
    hold(
        {"model_loaded", "fallback_available"} <= state.keys(),
        "model_loaded or fallback_available is missing",
    )
    if state["database_problem"]:
        raise Wrong(f"the database: {state['database_problem']}")
    if answer.status == 503 and not (site.allows_word_list and state["fallback_available"]):
        raise Wrong(f"not ready: {state['problem'] or 'no trained model is active'}")
    model = state["model"] or {}
    return f"{model.get('name')} {model.get('version') or ''} ({model.get('kind')})"


def model(site: Site) -> str:
    """GET /model."""
    answer = site.ask("/model")
    expect(answer, 200)
    hold({"model_loaded", "model_id", "latest_model_file"} <= answer.json().keys(), "a field is missing")
    return str(answer.json()["model_id"] or "")


def welcome(site: Site) -> str:
    """GET /api/v1/."""
    answer = site.ask("/api/v1/")
    expect(answer, 200)
    hold("message" in answer.json(), "there is no message")
    return ""


def about(site: Site) -> str:
    """GET /api/v1/about."""
    answer = site.ask("/api/v1/about")
    expect(answer, 200)
    hold({"title", "version", "model"} <= answer.json().keys(), "a field is missing")
    return f"{answer.json()['title']} {answer.json()['version']}"


def predict_by_get(site: Site) -> str:
    """GET /api/v1/inference/predict."""
    return _label(
        site, site.predict(f"{INFERENCE}/predict?text=I+love+it%2C+what+a+great+day%21"), "POSITIVE"
    )


def predict_by_post(site: Site) -> str:
    """POST /api/v1/inference/predict."""
    answer = site.predict(f"{INFERENCE}/predict", {"text": COMPLAINT})
    total = sum(answer["probabilities"].values())
    hold(abs(total - 1) < 1e-6, f"the probabilities add up to {total}")
    return _label(site, answer, "NEGATIVE")


def predict_lines(site: Site) -> str:
    """POST /api/v1/inference/predict, two lines."""
    one, two = (site.predict(f"{INFERENCE}/predict", {"text": PRAISE.replace(" ", blank)}) for blank in " \n")
    hold(one["prediction"] == two["prediction"], "a line end changes the prediction")
    return str(two["prediction"])


def batch(site: Site) -> str:
    """POST /api/v1/inference/batch_predict."""
    labels = site.predict(f"{INFERENCE}/batch_predict", [PRAISE, COMPLAINT])
    _check_labels(site, labels, ["POSITIVE", "NEGATIVE"])
    hold(site.predict(f"{INFERENCE}/batch_predict", []) == [], "an empty batch is no empty list")
    return " ".join(labels)


def explain(site: Site) -> str:
    """POST /api/v1/inference/explain."""
    answer = site.predict(f"{INFERENCE}/explain", {"text": PRAISE})
    hold(bool(answer["words"]) or site.takes_any_label, "no word decided")
    return str(answer["words"][0]["text"]) if answer["words"] else "no word decided"


def older_predict(site: Site) -> str:
    """POST /predict."""
    answer = site.predict("/predict", {"text": PRAISE})
    hold({"label", "confidence", "scores", "score"} <= answer.keys(), "a field is missing")
    hold(set(answer["scores"]) == {"negative", "neutral", "positive"}, f"the scores are {answer['scores']}")
    hold(abs(sum(answer["scores"].values()) - 1) < 1e-6, "the scores do not add up to 1")
    _check_labels(site, [answer["label"].upper()], ["POSITIVE"])
    return f"{answer['label']} {answer['score']:.2f}"


def bad_body(site: Site) -> str:
    """POST /api/v1/inference/predict without a text."""
    answer = site.ask(f"{INFERENCE}/predict", {"words": PRAISE}, key=site.key)
    expect(answer, 422)
    hold("problem+json" in answer.headers.get("content-type", ""), "it is no application/problem+json")
    return str(answer.json().get("code", ""))


def unknown_path(site: Site) -> str:
    """GET /api/v1/nothing-here."""
    expect(site.ask("/api/v1/nothing-here"), 404)
    return ""


def home(site: Site) -> str:
    """GET /."""
    answer = site.ask("/")
    expect(answer, 200)
    hold("<textarea" in answer.text, "there is no field for a text")
    hold(
        "default-src" in answer.headers.get("content-security-policy", ""),
        "there is no Content-Security-Policy",
    )
    return ""


def static_files(site: Site) -> str:
    """GET /static/css/base.css."""
    answer = site.ask("/static/css/base.css")
    expect(answer, 200)
    kind = answer.headers.get("content-type", "")
    hold(kind.startswith("text/css"), f"it is {kind}")
    return ""


def docs(site: Site) -> str:
    """GET /docs and /openapi.json."""
    page, description = site.ask("/docs"), site.ask("/openapi.json")
    expect(page, 200)
    expect(description, 200)
    return f"{len(description.json()['paths'])} paths"


def metrics(site: Site) -> str:
    """GET /metrics and /api/v1/metrics."""
    before = _predictions(site)
    site.predict(f"{INFERENCE}/predict", {"text": PRAISE})
    for _ in range(TRIES):
        if _predictions(site) > before:
            break
        time.sleep(0.25)
    else:
        raise Wrong("a prediction is not counted")
    return f"{_predictions(site):.0f} predictions"


def login_page(site: Site) -> str:
    """GET /login, and /admin leads there."""
    expect(site.ask("/login"), 200)
    answer = site.ask("/admin")
    expect(answer, 303)
    hold("/login" in answer.headers.get("location", ""), "it leads elsewhere")
    return ""


def closed_reads(site: Site) -> str:
    """GET /api/v1/models/… without a key."""
    for path in ("/", "/?brief=true", "/registry", "/status", "/history"):
        expect(site.ask(MODELS + path), 401, 403)
    return ""


def closed_changes(site: Site) -> str:
    """POST and DELETE /api/v1/models/… without a key."""
    order = {"model_name": "opinionlens", "model_version": 999_999_999, "set_default": False}
    expect(site.ask(f"{MODELS}/", order), 401, 403)
    expect(site.ask(f"{MODELS}/?model_id=opinionlens-999999999", method="DELETE"), 401, 403)
    expect(site.ask(f"{MODELS}/rollback", {"why": "smoke"}), 401, 403)
    return ""


def wrong_key(site: Site) -> str:
    """GET /api/v1/models/ with a wrong key."""
    expect(site.ask(f"{MODELS}/", key="ol_0000000000000000000000000000000000000000000"), 401, 403)
    return ""


def loaded_models(site: Site) -> str:
    """GET /api/v1/models/."""
    models = _as_admin(site, f"{MODELS}/").json()
    hold(isinstance(models, list), "it is no list")
    brief = _as_admin(site, f"{MODELS}/?brief=true").json()
    hold(
        [one["model_id"] for one in models] == [one["model_id"] for one in brief], "brief lists other models"
    )
    if models:
        ident = models[0]["model_id"]
        hold(_as_admin(site, f"{MODELS}/{ident}").json()["model_id"] == ident, "one model is another")
        hold(len(_as_admin(site, f"{MODELS}/?model_id={ident}").json()) == 1, "model_id does not choose one")
    return ", ".join(one["model_id"] for one in models)


def unknown_model(site: Site) -> str:
    """GET and DELETE /api/v1/models/{unknown}."""
    for method in ("GET", "DELETE"):
        _as_admin(site, f"{MODELS}/no-such-model-999999999", 404, method=method)
    return ""


def status(site: Site) -> str:
    """GET /api/v1/models/status."""
    state = _as_admin(site, f"{MODELS}/status").json()
    problems = [*state["problems"], state["database_problem"]]
    hold(not any(problems), " ".join(filter(None, problems)))
    return (
        "from a folder" if state.get("from_folder") else "follows the champion" if state["following"] else ""
    )


def history(site: Site) -> str:
    """GET /api/v1/models/history."""
    return f"{_as_admin(site, f'{MODELS}/history').json()['total']} deployments"


def registry(site: Site) -> str:
    """GET /api/v1/models/registry."""
    key = _admin_key(site)
    if _as_admin(site, f"{MODELS}/status").json().get("from_folder"):
        raise NotAsked("a folder is served")
    answer = site.ask(f"{MODELS}/registry", key=key)
    expect(answer, 200)
    versions = answer.json()["versions"]
    hold(all(one["servable"] or one["why_not_servable"] for one in versions), "a reason is missing")
    return f"{answer.json()['total']} versions"


def _label(site: Site, answer: Any, expected: str) -> str:  # noqa: ANN401 - any JSON value
    _check_labels(site, [answer["prediction"]], [expected])
    model = answer["model"]
    return f"{answer['prediction']} {answer['confidence']:.2f}, by {model['name']} {model['version'] or ''}"


def _check_labels(site: Site, labels: list[str], expected: list[str]) -> None:
    hold(len(labels) == len(expected) and set(labels) <= LABELS, f"it says {labels}")
    hold(labels == expected or site.takes_any_label, f"it says {', '.join(labels)}")


def _predictions(site: Site) -> float:
    texts = [site.ask(path) for path in ("/metrics", "/api/v1/metrics")]
    for answer in texts:
        expect(answer, 200)
        for name in METRICS:
            hold(f"\n{name}" in answer.text, f"{name} is missing")
    lines = texts[0].text.splitlines()
    return sum(
        float(line.rpartition(" ")[2]) for line in lines if line.startswith("predicted_sentiment_total{")
    )


def _admin_key(site: Site) -> str:
    if not site.key:
        raise NotAsked("needs a key: KEY=…")
    return site.key


def _as_admin(site: Site, path: str, status: int = 200, *, method: str | None = None) -> Answer:
    answer = site.ask(path, key=_admin_key(site), method=method)
    if answer.status == 403:
        raise NotAsked("the key has not the scope `admin`")
    expect(answer, status)
    return answer


QUESTIONS: tuple[Callable[[Site], str], ...] = (
    health, ready, model, welcome, about,
    predict_by_get, predict_by_post, predict_lines, batch, explain, older_predict, bad_body, unknown_path,
    home, static_files, docs, metrics,
    login_page, closed_reads, closed_changes, wrong_key,
    loaded_models, unknown_model, status, history, registry,
)  # fmt: skip
