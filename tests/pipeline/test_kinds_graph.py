"""The stages of heavier kinds run when they are asked for, and are left alone when they are not.

With the real DVC and the real graph; each stage's command only notes that it ran, and makes its outputs.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
import yaml
from tests.pipeline.test_graph import ROOT, project, run

pytestmark = pytest.mark.slow

STAGE = "kinds/dvc.yaml:train_fasttext"
STAND_IN = """
import json, pathlib, sys
name, *outs = sys.argv[1:]
for out in map(pathlib.Path, outs):
    place = out.parent if out.suffix else out
    place.mkdir(parents=True, exist_ok=True)
    (out if out.suffix else out / "file").write_text(json.dumps({"made by": name}))
with open("ran.txt", "a") as stream:
    print(name, file=stream)
"""


def outs_of(stage: dict) -> list[str]:
    named = [*stage.get("outs", ()), *stage.get("metrics", ()), *stage.get("plots", ())]
    return [one if isinstance(one, str) else next(iter(one)) for one in named]


@pytest.fixture
def folder(tmp_path):
    made = project(tmp_path / "project")
    shutil.copytree(ROOT / "kinds", made / "kinds")
    (made / "stand_in.py").write_text(STAND_IN, encoding="utf-8")
    for path in (made / "dvc.yaml", made / "kinds" / "dvc.yaml"):
        graph = yaml.safe_load(path.read_text(encoding="utf-8"))
        for name, stage in graph["stages"].items():
            stage["cmd"] = " ".join(["python", "stand_in.py", name, *outs_of(stage)])
        path.write_text(yaml.safe_dump(graph), encoding="utf-8")
    return made


def ran(folder: Path) -> set[str]:
    return set((folder / "ran.txt").read_text(encoding="utf-8").split())


def test_repro_without_a_target_leaves_them_alone(folder):
    run(folder, "dvc", "repro")
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    assert ran(folder) == set(stages)
    assert "fasttext" not in run(folder, "dvc", "repro").stdout


def test_repro_of_one_runs_what_it_needs_and_nothing_else(folder):
    run(folder, "dvc", "repro", STAGE)
    assert ran(folder) == {"fetch_data", "preprocess_data", "train_fasttext"}
    assert (folder / "objects" / "fasttext" / "file").is_file(), "it works in the root"
    assert (folder / "kinds" / "dvc.lock").is_file()


def test_their_parameters_are_those_of_their_own_file(folder):
    run(folder, "dvc", "repro", STAGE)
    path = folder / "kinds" / "params.yaml"
    params = yaml.safe_load(path.read_text(encoding="utf-8"))
    params["fasttext"]["dim"] += 1
    path.write_text(yaml.safe_dump(params), encoding="utf-8")
    status = json.loads(run(folder, "dvc", "status", "--json", STAGE).stdout)
    assert status == {STAGE: [{"changed deps": {"kinds/params.yaml": {"fasttext": "modified"}}}]}


@pytest.mark.parametrize(
    ("stage", "library", "extra"),
    [
        ("train_fasttext", "fasttext-numpy2", "fasttext"),
        ("train_transformer", "accelerate", "transformers"),
    ],
)
def test_without_its_library_a_stage_says_one_sentence_and_changes_nothing(folder, stage, library, extra):
    def files() -> list[Path]:
        return sorted(path for path in folder.rglob("*") if "__pycache__" not in path.parts)

    before = files()
    done = run(folder, sys.executable, "-m", f"opinionlens.pipeline.{stage}", ok=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    needed = f"`{stage}` needs {library}, which `pip install 'opinionlens[{extra}]'` installs."
    assert needed in " ".join(done.stderr.split())
    assert files() == before
