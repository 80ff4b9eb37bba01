"""What the lock pins is what gets installed, whatever the index has by then."""

import pytest
from tests.scripts.conftest import write_wheel


def test_pinned_version_is_installed_though_the_index_has_a_newer_one(project):
    done = project.make("install")
    assert done.returncode == 0, done.stderr
    assert project.installed() == "1.0"


def test_other_content_under_the_pinned_version_is_refused(project):
    project.publish("1.0", content="print('not what was reviewed')\n")
    done = project.make("install")
    assert done.returncode != 0
    assert "Hash mismatch" in done.stderr


def test_second_install_does_nothing(project):
    project.make("install")
    stamp = project.folder / ".venv" / ".installed"
    before = stamp.stat().st_mtime_ns
    project.reachable = False
    done = project.make("install")
    assert (done.returncode, stamp.stat().st_mtime_ns) == (0, before)


def test_changed_lock_is_installed(project):
    project.make("install")
    digest = project.publish("3.0")
    pinned = f"opl-demo==3.0 \\\n    --hash=sha256:{digest}\n"
    (project.folder / "requirements.lock").write_text(pinned)
    assert project.make("install").returncode == 0
    assert project.installed() == "3.0"


def test_moved_project_gets_an_environment_that_works_there(project, tmp_path):
    project.make("install")
    project.folder = project.folder.rename(tmp_path / "moved")
    assert project.make("install").returncode == 0
    where = project.run(".venv/bin/python", "-c", "import sys; print(sys.prefix)").stdout.strip()
    assert where == str(tmp_path / "moved" / ".venv")
    pth = next((project.folder / ".venv").rglob("opl_app.pth")).read_text()
    assert pth == str(tmp_path / "moved")


def test_typed_uv_run_neither_resolves_nor_locks(project):
    project.make("install")
    project.reachable = False
    done = project.run("uv", "run", "python", "-c", "import opl_demo; print(opl_demo.VERSION)")
    assert (done.returncode, done.stdout) == (0, "1.0\n"), done.stderr
    assert not (project.folder / "uv.lock").exists()


def test_time_alone_keeps_the_check_green(project):
    done = project.make("check-lock")
    assert done.returncode == 0, done.stderr
    assert "opl-demo==1.0" in project.lock


def test_requirement_that_the_lock_does_not_satisfy_is_refused_until_it_follows(project):
    project.depend("opl-demo>=2")
    refused = project.make("check-lock")
    assert refused.returncode != 0
    assert "requirements.lock is not what pyproject.toml asks for" in refused.stderr
    assert "opl-demo 1.0 -> 2.0" in refused.stderr
    assert "make relock" in refused.stderr
    assert "opl-demo==1.0" in project.lock
    followed = project.make("relock")
    assert followed.returncode == 0, followed.stderr
    assert project.make("check-lock").returncode == 0
    assert project.installed() == "2.0"


def test_pin_without_a_requirement_is_refused(project):
    lock = project.folder / "requirements.runtime.lock"
    lock.write_text(lock.read_text() + "zzz==1.0 \\\n    --hash=sha256:" + "0" * 64 + "\n")
    refused = project.make("check-lock")
    assert refused.returncode != 0
    assert "requirements.runtime.lock is not what pyproject.toml asks for" in refused.stderr
    assert "zzz 1.0 -> (gone)" in refused.stderr


def test_relock_leaves_pins_that_satisfy(project):
    before = project.lock
    done = project.make("relock")
    assert done.returncode == 0, done.stderr
    assert "no packages moved" in done.stdout
    assert project.lock == before


def test_renewing_says_what_moved(project):
    done = project.make("lock")
    assert done.returncode == 0, done.stderr
    assert "requirements.lock: 1 package moved\n  opl-demo 1.0 -> 2.0\n" in done.stdout
    assert "opl-demo==2.0" in project.lock
    assert project.make("check-lock").returncode == 0


def test_failed_renewal_leaves_the_locks_alone(project):
    project.make("install")
    before = project.lock
    project.reachable = False
    assert project.make("lock").returncode != 0
    assert project.lock == before
    assert [path.name for path in project.folder.glob(".locks-*")] == []


@pytest.mark.parametrize(("requirement", "status"), [("opl-demo>=1", 0), ("opl-demo>=2", 1)])
def test_without_an_index_the_check_says_so_and_compares_the_environment(project, requirement, status):
    project.make("install")
    project.depend(requirement)
    project.run(
        "make", "install", f"UV={project.folder / '.venv/bin/python'}"
    )  # nothing to fetch anything with
    project.reachable = False
    done = project.run(".venv/bin/python", "scripts/locks.py", "--uv", "uv", "check")
    assert done.returncode == status, done.stderr
    if status == 0:
        assert "The package index cannot be reached" in done.stdout
    else:
        assert "does not satisfy pyproject.toml" in done.stderr


def test_images_get_the_projects_pins_and_keep_their_own(project):
    """An image may hold more than the project; what both hold has one version."""
    (project.folder / "docker").mkdir()
    (project.folder / "docker" / "mlflow.in").write_text("opl-demo\nopl-other\n")
    digest = write_wheel(project.index / "opl-other", "opl_other", "1.0")
    page = project.index / "opl-other" / "index.html"
    page.write_text('<a href="opl_other-1.0-py3-none-any.whl">1</a>\n')
    assert project.make("relock").returncode == 0
    lock = project.folder / "docker" / "requirements.mlflow.lock"
    assert "opl-demo==1.0" in lock.read_text()
    assert digest in lock.read_text()
    # A newer one in the index moves nothing.
    write_wheel(project.index / "opl-other", "opl_other", "2.0")
    page.write_text(page.read_text() + '<a href="opl_other-2.0-py3-none-any.whl">2</a>\n')
    assert project.make("check-lock").returncode == 0
    (project.folder / "docker" / "mlflow.in").write_text("opl-demo\nopl-other>=2\n")
    refused = project.make("check-lock")
    assert "docker/requirements.mlflow.lock is not what docker/mlflow.in asks for" in refused.stderr
