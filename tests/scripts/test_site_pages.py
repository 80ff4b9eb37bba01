"""The site: links between documents, pages of the reference, and no part of it from elsewhere."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).parents[2]
SPEC = importlib.util.spec_from_file_location("site_pages", ROOT / "scripts" / "site_pages.py")
site_pages = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(site_pages)


def rewritten(markdown: str, page: str, *pages: str) -> str:
    known = SimpleNamespace(get_file_from_path=lambda path: path if path in pages else None)
    return site_pages.on_page_markdown(
        markdown, SimpleNamespace(file=SimpleNamespace(src_uri=page)), None, known
    )


@pytest.mark.parametrize(
    ("page", "written", "expected"),
    [
        ("index.md", "[start](../README.md#start)", "[start](project/readme.md#start)"),
        ("serving.md", "[all](settings.md)", "[all](settings.md)"),
        ("decisions/0001-a.md", "[why](../serving.md)", "[why](../serving.md)"),
        ("project/readme.md", "[how](docs/serving.md#start)", "[how](../serving.md#start)"),
        ("project/readme.md", "![home](docs/pictures/home.png)", "![home](../pictures/home.png)"),
        (
            "project/readme.md",
            "[`params.yaml`](params.yaml), [x](https://a.example/b)",
            "`params.yaml`, [x](https://a.example/b)",
        ),
        ("project/readme.md", "[![CI](docs/pictures/home.png)](.ci/run)", "![CI](../pictures/home.png)"),
        ("project/readme.md", '<a href="docs/serving.md#x">', '<a href="../serving.html#x">'),
        ("project/readme.md", "[here](#start)", "[here](#start)"),
    ],
)
def test_links_lead_to_pages_of_the_site(page, written, expected):
    pages = ("project/readme.md", "settings.md", "serving.md", "pictures/home.png")
    assert rewritten(written, page, *pages) == expected


def test_reference_has_a_page_for_each_package(tmp_path, monkeypatch):
    source = tmp_path / "opinionlens"
    for name, text in {
        "__init__.py": '__all__ = ["Thing", "__version__", "make"]\n',
        "one.py": '"""One thing."""\n',
        "_hidden.py": "",
        "two/__init__.py": '"""Two things.\n\nMore."""\n',
        "two/inner.py": "",
        "two/_own.py": "",
        "two/data/script.py": "",
    }.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text)
    monkeypatch.setattr(site_pages, "SOURCE", source)
    pages = dict(site_pages.reference_pages())
    assert list(pages) == ["reference/index.md", "reference/one.md", "reference/two.md"]
    assert (
        "::: opinionlens\n    options:\n      group_by_category: false\n      members: [make, Thing]\n"
        in pages["reference/index.md"]
    )
    assert "| [`opinionlens.two`](two.md) | Two things. |" in pages["reference/index.md"]
    assert re.findall(r"^::: (.+)$", pages["reference/two.md"], flags=re.MULTILINE) == [
        "opinionlens.two",
        "opinionlens.two.inner",
    ]


@pytest.mark.slow
def test_site_builds_without_a_warning_and_loads_nothing_from_elsewhere(tmp_path):
    built = subprocess.run(
        [
            sys.executable,
            "-m",
            "mkdocs",
            "build",
            "--quiet",
            "--strict",
            "--site-dir",
            str(tmp_path / "site"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (built.returncode, built.stderr) == (0, "")
    site = tmp_path / "site"
    pages = {str(path.relative_to(site)): path.read_text(encoding="utf-8") for path in site.rglob("*.html")}
    assert {"index.html", "serving.html", "project/readme.html", "reference/index.html"} <= set(pages)
    assert (
        "Load a model" in pages["reference/index.html"] or "opinionlens.load" in pages["reference/index.html"]
    )
    outside = r"<(?:script|link|img|source|iframe)\b[^>]*(?:src|href|srcset)=[\"']?(?:https?:)?//[^\s>]*"
    assert {name: found for name, text in pages.items() if (found := re.findall(outside, text))} == {}
    styles = [path.read_text(encoding="utf-8") for path in site.rglob("*.css")]
    assert [
        found for text in styles for found in re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", text)
    ] == []
