"""What the workflows in .github may do, when they run, and that their scripts do what they should."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FILES = {path.name: path for path in sorted((ROOT / ".github" / "workflows").glob("*.yml"))}
# Left as written: YAML 1.1 reads the key `on` as true.
WORKFLOWS = {
    name: yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506
    for name, path in FILES.items()
}
ACTION_FILES = sorted((ROOT / ".github" / "actions").rglob("action.yml"))
ACTIONS = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in ACTION_FILES]
JOBS = [(name, key, job) for name, flow in WORKFLOWS.items() for key, job in flow["jobs"].items()]
STEPS = [
    (f"{name}: {key}", step) for name, key, job in JOBS for step in job.get("steps", ())
] + [("action", step) for action in ACTIONS for step in action["runs"]["steps"]]  # fmt: skip
RUNS = [(place, step["run"]) for place, step in STEPS if "run" in step]
TEXTS = [path.read_text(encoding="utf-8") for path in (*FILES.values(), *ACTION_FILES)]


def step_of(workflow, job, name):
    return next(step for step in WORKFLOWS[workflow]["jobs"][job]["steps"] if step.get("name") == name)


def test_there_are_these_workflows():
    assert set(FILES) == {
        "ci_cd.yml", "cleanup_cache.yml", "library.yml", "newest.yml", "release.yml", "spaces.yml",
        "training.yml",
    }  # fmt: skip


def test_they_run_when_they_should():
    when = {name: flow["on"] for name, flow in WORKFLOWS.items()}
    assert when["ci_cd.yml"] == {
        "push": {"branches": ["main"], "tags": ["v*"]}, "pull_request": "", "workflow_dispatch": ""
    }  # fmt: skip
    crons = {name: [one["cron"] for one in on["schedule"]] for name, on in when.items() if "schedule" in on}
    assert crons == {
        "training.yml": ["0 2 * * 0"],  # Sundays, 02:00 UTC
        "newest.yml": ["23 4 * * 1"],  # Mondays
        "cleanup_cache.yml": ["41 3 * * *"],
    }
    assert all("workflow_dispatch" in on for on in when.values())
    # What the DAG sends: tests/dags.
    assert when["training.yml"]["repository_dispatch"] == {"types": ["opinionlens-retrain"]}
    # Called by others, so that nothing runs twice.
    assert {name for name, on in when.items() if "workflow_call" in on} == {
        "library.yml",
        "release.yml",
        "spaces.yml",
    }
    assert {event for on in when.values() for event in on} == {
        "push", "pull_request", "workflow_dispatch", "workflow_call", "schedule",
        "repository_dispatch",
    }  # fmt: skip


def test_no_workflow_has_rights_of_its_own_and_few_jobs_may_write():
    assert {name: flow["permissions"] for name, flow in WORKFLOWS.items()} == {name: {} for name in FILES}
    assert [(name, key) for name, key, job in JOBS if "permissions" not in job] == []
    writing = {
        (name, key, right)
        for name, key, job in JOBS
        for right, level in job["permissions"].items()
        if level != "read"
    }
    assert writing == {
        ("ci_cd.yml", "release", "packages"),
        ("release.yml", "push", "packages"),
        ("training.yml", "image", "packages"),
        ("cleanup_cache.yml", "cleanup", "actions"),
    }


def test_each_has_a_group_and_each_job_an_end():
    groups = [flow["concurrency"]["group"] for flow in WORKFLOWS.values()]
    # A called workflow in the group of its caller would wait for it without end.
    assert len({group.partition("$")[0] for group in groups}) == len(WORKFLOWS)
    minutes = {(name, key): int(job["timeout-minutes"]) for name, key, job in JOBS if "uses" not in job}
    assert {place: count for place, count in minutes.items() if not 5 <= count <= 180} == {}


def test_actions_are_pinned_by_commit_with_their_version():
    lines = [
        line.strip(" -") for text in TEXTS for line in text.splitlines() if re.match(r"[ -]*uses:", line)
    ]
    assert len(lines) > 30
    others = [line.removeprefix("uses: ") for line in lines if not line.startswith("uses: ./.github/")]
    wrong = [use for use in others if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+", use)]
    assert wrong == []
    # One commit of each action.
    assert len(set(others)) == len({use.partition("@")[0] for use in others})


def test_local_actions_and_workflows_exist():
    uses = [step.get("uses", "") for _, step in STEPS] + [job.get("uses", "") for _, _, job in JOBS]
    local = {ROOT / use for use in uses if use.startswith("./")}
    assert len(local) == 4
    assert [
        place for place in local if not (place / "action.yml" if place.suffix == "" else place).exists()
    ] == []


def test_checkout_keeps_no_credentials():
    steps = [step for _, step in STEPS if step.get("uses", "").startswith("actions/checkout@")]
    assert len(steps) > 10
    assert all(step["with"]["persist-credentials"] == "false" for step in steps)


@pytest.mark.parametrize(("place", "run"), RUNS)
def test_scripts_take_values_from_variables_only(place, run):
    assert "${{" not in run
    done = subprocess.run(["bash", "-n"], input=run, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_scripts_name_files_that_exist():
    named = {
        word for _, run in RUNS for word in re.findall(r"(?<![\w/.])(?:tests|scripts|docker)/[\w/.]+", run)
    }
    assert {"scripts/image_health.py", "docker/healthcheck.py", "tests/stack/test_rules.py"} <= named
    assert [name for name in named if not (ROOT / name).exists()] == []
    files = {
        entry["file"] for entry in WORKFLOWS["ci_cd.yml"]["jobs"]["build"]["strategy"]["matrix"]["include"]
    }
    assert files == {"Dockerfile", "docker/Dockerfile.training"}


def test_each_kind_of_test_has_its_job():
    jobs = WORKFLOWS["ci_cd.yml"]["jobs"]
    runs = {key: " ".join(step.get("run", "") for step in job.get("steps", ())) for key, job in jobs.items()}
    made = {key: re.findall(r"make ([a-z-]+)", run) for key, run in runs.items()}
    assert {key: targets for key, targets in made.items() if targets} == {
        "validate": ["check-workflows"],
        "lint-test": ["check"],
        "unit": ["coverage"],
        "main": ["test-main"],
        "browser": ["test-browser"],
        "integration-test": ["smoke"],
        "dag": ["test-airflow"],
        "models": ["test-models"],
        "stack": ["test-stack"],
    }
    assert jobs["stack"]["env"] == {"STACK_IMAGES": "pull"}


def test_nothing_is_pushed_before_all_other_jobs_are_done():
    jobs = WORKFLOWS["ci_cd.yml"]["jobs"]
    assert set(jobs["release"]["needs"]) == set(jobs) - {"release"}
    # Neither of a pull request nor by hand.
    assert jobs["release"]["if"] == "github.event_name == 'push'"


def test_images_have_the_names_and_tags_that_users_pull():
    [names] = [step for _, step in STEPS if step.get("id") == "names"]
    assert names["with"]["images"] == "ghcr.io/${{ github.repository }}/${{ matrix.image }}"
    assert names["with"]["tags"].splitlines() == [
        "type=raw,value=latest,enable={{is_default_branch}}",
        "type=sha",
        "type=semver,pattern={{version}}",
        "type=semver,pattern={{major}}.{{minor}}",
    ]
    for event in ("workflow_call", "workflow_dispatch"):
        default = WORKFLOWS["release.yml"]["on"][event]["inputs"]["images"]["default"]
        assert json.loads(default) == ["api", "training"]
    assert json.loads(WORKFLOWS["training.yml"]["jobs"]["image"]["with"]["images"]) == ["training"]


def test_what_is_pushed_has_a_parts_list_and_provenance_and_was_tried_before():
    steps = WORKFLOWS["release.yml"]["jobs"]["push"]["steps"]
    at = {step.get("name", step.get("run", "")): place for place, step in enumerate(steps)}
    tried = next(place for name, place in at.items() if "image_health.py" in name)
    assert at["Build"] < tried < at["Push"] < at["Tell what was pushed"]
    build, push = steps[at["Build"]]["with"], steps[at["Push"]]["with"]
    assert (push["sbom"], push["provenance"], push["push"]) == ("true", "mode=max", "true")
    # Else other layers would be pushed than were tried.
    assert all(build[name] == push[name] for name in ("context", "file", "build-args"))
    assert "cache-from" not in build


@pytest.mark.parametrize(
    ("tag", "status"), [("v1.2.3", 0), ("v1.2.4", 1), ("1.2.3", 1), ("v1.2", 1), ("v1.2.3-rc1", 1)]
)
def test_a_tag_that_is_not_the_version_is_not_released(tag, status, tmp_path):
    step = step_of("release.yml", "push", "Compare the tag with the version")
    names = [one.get("name") for one in WORKFLOWS["release.yml"]["jobs"]["push"]["steps"]]
    assert names.index("Compare the tag with the version") == 1  # before anything is built
    assert step["if"] == "startsWith(github.ref, 'refs/tags/')"
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "1.2.3"\n')
    done = run_step(step, tmp_path, {}, GITHUB_REF_NAME=tag)
    assert (done.returncode, "nothing is pushed" in done.stdout) == (status, status == 1), done.stderr


def test_the_model_is_kept_for_30_days():
    [kept] = [step for place, step in STEPS if place == "training.yml: train" and "with" in step
              and "retention-days" in step["with"]]  # fmt: skip
    assert kept["with"]["retention-days"] == "30"
    assert kept["with"]["if-no-files-found"] == "error"
    assert "objects/classifier" in kept["with"]["path"].splitlines()


def test_the_library_is_tried_on_each_python_and_system():
    matrix = WORKFLOWS["library.yml"]["jobs"]["library"]["strategy"]["matrix"]
    assert matrix["python"] == ["3.11", "3.12", "3.13"]
    assert [system.partition("-")[0] for system in matrix["system"]] == ["ubuntu", "macos", "windows"]


def run_step(step, folder, programs, **variables):
    """Run a step's script as a runner does, with programs of the test in place of the real ones."""
    (folder / "bin").mkdir()
    for name, text in programs.items():
        (folder / "bin" / name).write_text(f"#!/bin/bash\n{text}\n")
        (folder / "bin" / name).chmod(0o755)
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "activate").write_text("")
    environment = {"PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}", "HOME": str(folder)}
    return subprocess.run(
        ["bash", "-e", "-c", step["run"]], cwd=folder, env={**environment, **variables},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


GH = """
echo "$*" >> called.txt
case "$1 $2" in
  "cache list") printf '%s\\n' '11 refs/heads/main' '12 refs/pull/7/merge' '13 refs/pull/8/merge' \\
    '14 refs/pull/7/merge' '15 refs/pull/9/head' '16 refs/heads/refs/pull/7/merge' ;;
  "api repos/o/r/pulls/7") echo closed ;;
  "api repos/o/r/pulls/8") echo open ;;
  "cache delete") cat; [ "$3" != "${FAILING:-}" ] ;;
  *) exit 9 ;;
esac
"""


def test_caches_of_closed_pull_requests_are_deleted_and_no_others(tmp_path):
    step = step_of("cleanup_cache.yml", "cleanup", "Delete")
    done = run_step(step, tmp_path, {"gh": GH}, GH_REPO="o/r", GITHUB_STEP_SUMMARY="summary.md")
    assert (done.returncode, done.stderr) == (0, "")
    called = (tmp_path / "called.txt").read_text().splitlines()
    assert [line for line in called if "delete" in line] == ["cache delete 12", "cache delete 14"]
    assert (tmp_path / "summary.md").read_text() == "2 caches of closed pull requests were deleted.\n"


def test_a_cache_that_cannot_be_deleted_is_a_failure(tmp_path):
    step = step_of("cleanup_cache.yml", "cleanup", "Delete")
    done = run_step(step, tmp_path, {"gh": GH}, GH_REPO="o/r", GITHUB_STEP_SUMMARY="summary.md", FAILING="12")
    assert done.returncode != 0


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ("", ["exp", "run", "tune_sklearn"]),
        (
            "training.n_trials=5  data.max_rows=8000",
            ["exp", "run", "--set-param", "training.n_trials=5", "--set-param", "data.max_rows=8000",
             "tune_sklearn"],
        ),
        (
            "training.families=[linear_svc] $(touch/x) *",
            ["exp", "run", "--set-param", "training.families=[linear_svc]", "--set-param", "$(touch/x)",
             "--set-param", "*", "tune_sklearn"],
        ),
    ],
)  # fmt: skip
def test_parameters_reach_dvc_as_they_are(parameters, expected, tmp_path):
    step = step_of("training.yml", "train", "Train")
    done = run_step(step, tmp_path, {"dvc": "printf '%s\\n' \"$@\""}, PARAMETERS=parameters)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == expected


HF = """
printf '%s\\n' "$@" >> called.txt
echo https://hub.example/commit/1
"""


def test_the_space_is_uploaded_whole_and_the_page_says_where(tmp_path):
    step = step_of("spaces.yml", "deploy-space", "Upload")
    assert step["if"] == "env.SPACE != ''"
    done = run_step(
        step, tmp_path, {"hf": HF}, SPACE="team/space", GITHUB_SHA="abc", GITHUB_STEP_SUMMARY="summary.md"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "called.txt").read_text().splitlines() == [
        "upload", "team/space", ".cache/space", ".", "--type", "space", "--delete", "*",
        "--commit-message", "Commit abc",
    ]  # fmt: skip
    assert "https://hub.example/commit/1" in (tmp_path / "summary.md").read_text()


def test_a_model_that_is_not_good_enough_ends_the_training_job(tmp_path):
    step = step_of("training.yml", "train", "Push the model to the Hugging Face hub")
    assert step["if"] == "vars.HF_MODEL_REPO != ''"
    # What GitHub runs a script with: a pipe fails with its first program.
    strict = {**step, "run": "set -o pipefail\n" + step["run"]}
    done = run_step(strict, tmp_path, {"opinionlens": "echo no; exit 1"}, GITHUB_STEP_SUMMARY="summary.md")
    assert done.returncode == 1
    assert not (tmp_path / "summary.md").exists()


def test_only_two_steps_see_the_token_of_the_hub():
    seeing = {place for place, step in STEPS if "secrets.HF_TOKEN" in json.dumps(step)}
    assert seeing == {"spaces.yml: deploy-space", "training.yml: train"}
    steps = [step["name"] for _, step in STEPS if "secrets.HF_TOKEN" in json.dumps(step)]
    assert steps == ["Upload", "Push the model to the Hugging Face hub"]


def test_a_missing_artifact_ends_the_training_job(tmp_path):
    step = step_of("training.yml", "train", "Check that the artifact is there, can be loaded and predicts")
    (tmp_path / "objects" / "classifier").mkdir(parents=True)
    (tmp_path / "objects" / "classifier" / "manifest.json").write_text("")
    done = run_step(step, tmp_path, {"opinionlens": "echo predicted"})
    assert (done.returncode, done.stdout) == (1, "")


def test_the_summary_tells_what_was_trained(tmp_path):
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "tune_sklearn.json").write_text('{"test": 0.75}')
    step = step_of("training.yml", "train", "Tell what was trained")
    done = run_step(
        step, tmp_path, {}, PARAMETERS="training.n_trials=5", REASON="drift `x`",
        GITHUB_STEP_SUMMARY="summary.md",
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    told = (tmp_path / "summary.md").read_text().splitlines()
    assert told[:2] == ["## Trained: tune_sklearn training.n_trials=5", "Reason: `drift `x``"]
    assert told[-3:] == ["```json", '{"test": 0.75}', "```"]


def test_the_summary_tells_what_was_pushed(tmp_path):
    step = step_of("release.yml", "push", "Tell what was pushed")
    done = run_step(
        step, tmp_path, {}, IMAGE="api", GITHUB_SHA="abc", DIGEST="sha256:1f",
        TAGS="ghcr.io/o/r/api:1.2.3\nghcr.io/o/r/api:1.2", GITHUB_STEP_SUMMARY="summary.md",
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    told = (tmp_path / "summary.md").read_text()
    assert told.splitlines()[0] == "## Pushed: api"
    assert "ghcr.io/o/r/api:1.2.3\nghcr.io/o/r/api:1.2\n" in told
    assert "`abc`" in told
    assert "`sha256:1f`" in told


def test_the_page_names_every_workflow_and_every_job():
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\| `([\w.-]+)` \|", page, flags=re.MULTILINE))
    assert named == set(FILES) | set(WORKFLOWS["ci_cd.yml"]["jobs"]) - {"release"}


def test_dependabot_looks_at_every_dockerfile_and_action():
    """Those of tests/ stand in for others, and nothing in them has a version to follow."""
    config = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text(encoding="utf-8"))
    looked_at = {one["package-ecosystem"]: one.get("directories") for one in config["updates"]}
    listed = subprocess.run(
        ["git", "ls-files", "*Dockerfile*", "*action.yml"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    paths = [Path(name) for name in listed if not name.startswith("tests/")]
    folders = {f"/{path.parent}".rstrip(".") for path in paths if path.name != "action.yml"}
    assert set(looked_at["docker"]) == folders
    actions = {f"/{path.parent}" for path in paths if path.name == "action.yml"}
    assert set(looked_at["github-actions"]) == {"/", *actions}
