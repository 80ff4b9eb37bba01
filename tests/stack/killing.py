"""Programs that kill in a container: they run there, as its own user."""

# Kills the process below the container's first: the app's or MLflow's own, with all its children.
KILL = """
import os, pathlib, signal
stats = {int(p.parent.name): p.read_text() for p in pathlib.Path("/proc").glob("[0-9]*/stat")}
parents = {pid: int(text.rpartition(")")[2].split()[1]) for pid, text in stats.items()}
main = min(pid for pid, parent in parents.items() if parent == 1)
"""
KILL_ALL = KILL + "os.kill(main, signal.SIGKILL)"
KILL_WORKER = (
    KILL
    + """
def is_worker(pid):
    return b"spawn_main" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
workers = [pid for pid, parent in parents.items() if parent == main and is_worker(pid)]
os.kill(workers[0], signal.SIGKILL)
print(len(workers))
"""
)
