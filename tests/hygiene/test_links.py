"""Every relative link in a document leads to a file, and every anchor to a heading."""

import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FENCED = re.compile(r"^( *)(`{3,}|~{3,}).*?^\1\2 *$", flags=re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"<!--.*?-->", flags=re.DOTALL)
CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", flags=re.DOTALL)
INLINE = re.compile(r"\]\(\s*<?([^)\s>]+)")
DEFINED = re.compile(r"^ {0,3}\[[^\]]+\]:\s*<?([^\s>]+)", flags=re.MULTILINE)
ATTRIBUTE = re.compile(r"\b(?:href|src|srcset)=\"([^\"\s]+)")
ELSEWHERE = re.compile(r"^(?:[a-z][a-z+.-]*:|//)", flags=re.IGNORECASE)


def documents() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return sorted(path for name in listed.stdout.splitlines() if (path := ROOT / name).is_file())


def prose(text: str) -> str:
    return COMMENT.sub("", FENCED.sub("", text))


def targets(text: str) -> list[str]:
    """Addresses that a document links to or shows, without those of other sites."""
    bare = CODE.sub("", prose(text))
    found = [*INLINE.findall(bare), *DEFINED.findall(bare), *ATTRIBUTE.findall(bare)]
    return [target for target in found if not ELSEWHERE.match(target)]


def anchors(text: str) -> set[str]:
    """Names under which GitHub shows the headings of a document, and those that it sets itself."""
    bare = prose(text)
    names: set[str] = set(re.findall(r"<a (?:id|name)=\"([^\"]+)\"", bare))
    seen: Counter[str] = Counter()
    for heading in re.findall(r"^#{1,6} +(.+?) *#* *$", bare, flags=re.MULTILINE):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").replace("*", "")
        slug = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
        names.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return names


def leads_somewhere(document: Path, target: str) -> bool:
    name, _, anchor = target.partition("#")
    goal = (document.parent / name).resolve() if name else document
    if not goal.exists() or not goal.is_relative_to(ROOT):
        return False
    return not anchor or goal.suffix != ".md" or anchor in anchors(goal.read_text(encoding="utf-8"))


def broken(document: Path) -> list[str]:
    text = document.read_text(encoding="utf-8")
    return [target for target in targets(text) if not leads_somewhere(document, target)]


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_and_anchors_resolve(document):
    assert broken(document) == []


def test_headings_get_the_anchors_of_github():
    text = (
        "# Who may do what?\n## `opinionlens serve`: options\n## A, b & c\n## Twice\n## Twice\n"
        "```\n# no heading\n```\n## The [table](x.md) below\n"
    )
    assert anchors(text) == {
        "who-may-do-what",
        "opinionlens-serve-options",
        "a-b--c",
        "twice",
        "twice-1",
        "the-table-below",
    }


def test_broken_links_are_found(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    (tmp_path / "b.md").write_text("# Part one\n")
    page = tmp_path / "a.md"
    page.write_text(
        "[1](b.md) [2](b.md#part-one) [3](b.md#part-two) [4](c.md) [5](https://example.org/x) [6](#here)\n"
        '<img src="d.png"> `[7](e.md)`\n\n```\n[8](f.md)\n```\n\n[9]: g.md\n[10](../outside.md)\n\n## Here\n'
    )
    assert broken(page) == ["b.md#part-two", "c.md", "../outside.md", "g.md", "d.png"]
