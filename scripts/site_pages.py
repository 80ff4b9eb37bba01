"""Pages of the site that no file in docs/ holds; mkdocs calls the functions (`hooks` in mkdocs.yml).

The documents of the root join the site under their own names, and each package of the source gets a page of
the reference. Links between all of them lead to pages of the site; those to other files become plain words.
"""

import ast
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "opinionlens"
ROOT_DOCUMENTS = {
    "README.md": "project/readme.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "CHANGELOG.md": "project/changelog.md",
    "SECURITY.md": "project/security.md",
    "CODE_OF_CONDUCT.md": "project/code-of-conduct.md",
}
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\]\([^)]*\))*)\]\(([^)\s]+)\)")
ATTRIBUTE = re.compile(r"\b(src|srcset|href)=\"([^\"]+)\"")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the documents of the root and the pages of the reference."""
    for name, page in ROOT_DOCUMENTS.items():
        files.append(File.generated(config, page, content=(ROOT / name).read_text(encoding="utf-8")))
    for page, content in reference_pages():
        files.append(File.generated(config, page, content=content))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links between files of the repository into links between pages."""
    here = page.file.src_uri
    if here.startswith("reference/"):
        return markdown
    origins = {new: old for old, new in ROOT_DOCUMENTS.items()}
    folder = posixpath.dirname(origins.get(here, f"docs/{here}"))

    def address(target: str) -> str | None:
        name, mark, anchor = target.partition("#")
        if not name or re.match(r"[a-z]+:", name):
            return target
        path = posixpath.normpath(posixpath.join(folder, name))
        goal = ROOT_DOCUMENTS.get(path, path.removeprefix("docs/") if path.startswith("docs/") else None)
        if goal is None or files.get_file_from_path(goal) is None:
            return None
        return posixpath.relpath(goal, posixpath.dirname(here) or ".") + mark + anchor

    def linked(found: re.Match[str]) -> str:
        shown, words, target = found.groups()
        words = LINK.sub(linked, words)
        new = address(target)
        return words if new is None else f"{shown}[{words}]({new})"

    def attribute(found: re.Match[str]) -> str:
        new = address(found[2])
        return f'{found[1]}="{found[2] if new is None else as_page(new, found[1])}"'

    return ATTRIBUTE.sub(attribute, LINK.sub(linked, markdown))


def as_page(address: str, attribute: str) -> str:
    """Return where HTML finds it; only in Markdown does mkdocs turn .md into .html."""
    return re.sub(r"\.md(?=#|$)", ".html", address) if attribute == "href" else address


def reference_pages() -> Iterator[tuple[str, str]]:
    """Yield path and Markdown of each page of the reference, its index first."""
    parts = sorted(path for path in SOURCE.iterdir() if is_part(path))
    rows = [f"| [`opinionlens.{part.stem}`]({part.stem}.md) | {first_line(part)} |" for part in parts]
    index = [
        "# Reference",
        "Made from the docstrings of the source. The names that `import opinionlens` offers are stable;",
        "the packages below are for work on OpinionLens itself.\n",
        "::: opinionlens",
        "    options:",
        "      group_by_category: false",
        f"      members: [{', '.join(offered())}]\n",
        "## Packages\n",
        "| package | what it holds |",
        "|---|---|",
        *rows,
    ]
    yield "reference/index.md", "\n".join(index) + "\n"
    for part in parts:
        blocks = [f"# opinionlens.{part.stem}", *(f"::: {name}" for name in modules(part))]
        yield f"reference/{part.stem}.md", "\n\n".join(blocks) + "\n"


def offered() -> list[str]:
    """Return the names in `opinionlens.__all__`, functions before classes."""
    body = ast.parse((SOURCE / "__init__.py").read_text(encoding="utf-8")).body
    lists = [
        line.value
        for line in body
        if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "__all__"
    ]
    names = [name for names in lists for name in ast.literal_eval(names) if not name.startswith("_")]
    return sorted(names, key=lambda name: (not name[0].islower(), name))


def is_part(path: Path) -> bool:
    """Return whether this is a public package or module of the first level."""
    if path.name.startswith("_"):
        return False
    return path.suffix == ".py" or (path / "__init__.py").is_file()


def first_line(part: Path) -> str:
    """Return the first line of the docstring of a package or module."""
    file = part if part.is_file() else part / "__init__.py"
    docstring = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0]


def modules(part: Path) -> list[str]:
    """Return the dotted names of a part: the package, then its public modules at any depth."""
    if part.is_file():
        return [f"opinionlens.{part.stem}"]
    names = []
    for file in part.rglob("*.py"):
        dotted = list(file.relative_to(SOURCE.parent).with_suffix("").parts)
        if dotted[-1] == "__init__":
            dotted.pop()
        # Folders without __init__.py, such as those of migrations, are data.
        if (file.parent / "__init__.py").is_file() and not any(name.startswith("_") for name in dotted):
            names.append(".".join(dotted))
    return sorted(names)
