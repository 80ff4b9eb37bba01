"""Change one thing at a time in a package and see whether its tests notice: `make mutants PACKAGE=serving`.

The changes are those of cosmic-ray, which would make a dozen at every operator: of each place one is drawn,
and of the places 75, by a seed, so that the same commit gives the same mutants. Left out is what no test can
see: annotations, decorators of classes, a `*` between parameters. All happens in a copy of the last commit.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import cosmic_ray.plugins
from cosmic_ray.commands import execute, init
from cosmic_ray.config import ConfigDict
from cosmic_ray.mutating import mutate_code
from cosmic_ray.testing import run_tests
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import MutationSpec, TestOutcome, WorkerOutcome, WorkResult

ROOT = Path(__file__).parents[1]
SEED, SHARE = 6, 75
# The profile draws the same examples each time and remembers none. Else one that fails without any change,
# found by chance at one mutant, is replayed at all later ones and counts as what killed them.
PYTEST_OPTIONS = "-x -q -p no:cacheprovider --hypothesis-profile=ci"
# The tests of a package that has others than those of its own folder; the quickest come first.
TESTS = {
    "bulk": "tests/bulk tests/cli/test_predict_file.py",
    "tabular": "tests/tabular tests/datasets/test_delimited_tables.py tests/datasets/test_json_objects.py "
    "tests/bulk",
}

Span = tuple[tuple[int, int], tuple[int, int]]


def spans_of(nodes: Iterable[ast.expr | ast.stmt]) -> list[Span]:
    """Return where nodes begin and end: lines from 1, columns from 0."""
    return [((n.lineno, n.col_offset), (n.end_lineno or 0, n.end_col_offset or 0)) for n in nodes]


def unseen(tree: ast.Module) -> Iterator[ast.expr]:
    """Yield annotations and the decorators of classes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns:
            yield node.returns
        if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation:
            yield node.annotation
        if isinstance(node, ast.ClassDef):
            yield from node.decorator_list


class Module:
    """What of a module tests can see."""

    def __init__(self, path: Path) -> None:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        self.unseen = spans_of(unseen(tree))
        operations = (n for n in ast.walk(tree) if isinstance(n, ast.BinOp | ast.AugAssign))
        self.operations = spans_of(operations)

    def shows(self, spec: MutationSpec) -> bool:
        """Tell whether a mutant is elsewhere, and its operator no `*` between parameters."""
        if spec.operator_name == "core/RemoveDecorator":
            return not any(spec.start_pos[0] <= start[0] <= spec.end_pos[0] for start, _ in self.unseen)
        if "BinaryOperator" in spec.operator_name and not _within(spec, self.operations):
            return False
        return not _within(spec, self.unseen)


def _within(spec: MutationSpec, spans: list[Span]) -> bool:
    return any(start <= spec.start_pos and spec.end_pos <= end for start, end in spans)


def changes_something(spec: MutationSpec) -> bool:
    """Tell whether the mutant can be compiled and is another program."""
    source = spec.module_path.read_text(encoding="utf-8")
    operator = cosmic_ray.plugins.get_operator(spec.operator_name)()
    try:
        mutated = ast.parse(mutate_code(source, operator, spec.occurrence))
    except (SyntaxError, AttributeError):  # cosmic-ray cannot replace a dotted exception
        return False
    return ast.dump(mutated) != ast.dump(ast.parse(source))


def drawn(specs: dict[str, MutationSpec], package: str, *, seed: int, share: int) -> set[str]:
    """Return the ids of `share` mutants in different places."""
    modules = {path: Module(path) for path in {spec.module_path for spec in specs.values()}}
    places = defaultdict(list)
    for ident, spec in specs.items():
        kind = spec.operator_name.partition("/")[2].partition("_")[0]
        if kind != "NoOp" and modules[spec.module_path].shows(spec):
            place = (spec.module_path.as_posix(), spec.start_pos, spec.end_pos, kind)
            places[place].append((spec.operator_name, spec.occurrence, ident))
    draw = random.Random(f"{seed} {package}")  # noqa: S311 - a sample
    order = sorted(places)
    draw.shuffle(order)
    found: set[str] = set()
    for place in order:
        ident = draw.choice(sorted(places[place]))[2]
        if len(found) < share and changes_something(specs[ident]):
            found.add(ident)
    return found


def prepare(session: WorkDB, package: str, *, seed: int, share: int) -> int:
    """Fill the session with all mutants, leave out those that are not drawn, and return how many were."""
    folder = Path("src/opinionlens") / package
    modules = [path for path in sorted(folder.rglob("*.py")) if "versions" not in path.parts]
    init(modules, session, {})
    specs = {item.job_id: item.mutations[0] for item in session.work_items}
    chosen = drawn(specs, package, seed=seed, share=share)
    session.set_multiple_results(set(specs) - chosen, WorkResult(worker_outcome=WorkerOutcome.SKIPPED))
    return len(chosen)


def report(session: WorkDB) -> None:
    """Print what survived, and the share that was killed."""
    results = [result for _, result in session.completed_work_items]
    done = [result for result in results if result.worker_outcome is not WorkerOutcome.SKIPPED]
    alive = [result for result in done if result.test_outcome is TestOutcome.SURVIVED]
    print(*(result.diff for result in alive), sep="\n\n")
    print(f"{len(done) - len(alive)} of {len(done)} killed")


def main() -> None:
    """Draw, run, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("package", help="folder below src/opinionlens, for example accounts")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--share", type=int, default=SHARE, help="how many mutants")
    parser.add_argument("--timeout", type=float, default=300, help="seconds for the tests of one")
    options = parser.parse_args()
    tests = TESTS.get(options.package, f"tests/{options.package}")
    config = ConfigDict(
        {
            "timeout": options.timeout,
            "test-command": f"{ROOT / '.venv/bin/pytest'} {PYTEST_OPTIONS} {tests}",
            "distributor": {"name": "local"},
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        subprocess.run(["git", "clone", "--quiet", ROOT, copy], check=True)
        os.chdir(copy)
        os.environ["PYTHONPATH"] = str(copy / "src")
        outcome, output = run_tests(config.test_command, config.timeout)
        if outcome is not TestOutcome.SURVIVED:
            raise SystemExit(f"{tests} fail without any change:\n{output}")
        with use_db(f"{folder}/session.sqlite") as session:
            count = prepare(session, options.package, seed=options.seed, share=options.share)
            print(f"{count} mutants of {options.package}, each with {tests}", flush=True)
            execute(session, config)
            report(session)
        outcome, output = run_tests(config.test_command, config.timeout)
        if outcome is not TestOutcome.SURVIVED:
            raise SystemExit(f"{tests} now fail without any change, so not all was killed:\n{output}")


if __name__ == "__main__":
    main()
