"""Write every dashboard to a folder: `python -m scripts.dashboards [--docs ADDRESS] [FOLDER]`."""

import argparse
from pathlib import Path

from scripts.dashboards.boards import DOCS, rendered

FOLDER = Path("grafana") / "dashboards"


def write(folder: Path, docs: str) -> list[Path]:
    """Write all dashboards and return their files; files of dashboards that are no more go away."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {folder / name: text for name, text in rendered(docs).items()}
    for left_over in set(folder.glob("*.json")) - set(files):
        left_over.unlink()
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")
    return list(files)


def main() -> None:
    """Parse the command line and write."""
    parser = argparse.ArgumentParser(prog="python -m scripts.dashboards", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    parser.add_argument("--docs", default=DOCS, help="address below which docs/runbook.md is found")
    options = parser.parse_args()
    for path in write(options.folder, options.docs):
        print(path)


if __name__ == "__main__":
    main()
