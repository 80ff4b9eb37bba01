"""`pytest --junitxml` writes a report that can be read, whatever the tests say."""

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

ROOT = Path(__file__).parents[2]
TESTS = """
import pytest
from hypothesis import given, strategies

def test_that_records_a_figure(record_property):
    record_property("seconds", [0.25, 1.5])

ODD = ["\\ud800", "a\\x00b", "\\x1b[1m", "\\uffff"]

@pytest.mark.parametrize("text", ODD, ids=ODD)
def test_that_fails(text):
    print("\\x00\\x1b\\uffff")
    assert text == ""

def test_that_is_skipped():
    pytest.skip("\\x00 \\ud800")

@given(strategies.text())
def test_with_many_texts(text):
    assert isinstance(text, str)
"""


def test_report_can_be_read(tmp_path):
    (tmp_path / "test_sample.py").write_text(TESTS, encoding="utf-8")
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path)
    report = tmp_path / "report.xml"
    options = ["-c", str(ROOT / "pyproject.toml"), f"--rootdir={tmp_path}", "-p", "no:cacheprovider"]
    process = subprocess.run(
        [sys.executable, "-m", "pytest", *options, f"--junitxml={report}", str(tmp_path)],
        cwd=tmp_path,
        env=os.environ | {"CI": "true", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    # 1: tests failed, as they should; 3 would be an error inside pytest.
    assert process.returncode == 1, process.stdout + process.stderr
    root = ET.parse(report).getroot()  # noqa: S314 - our own file
    cases = {case.get("name"): case for case in root.iter("testcase")}
    assert len(cases) == 7
    good = {"test_that_records_a_figure", "test_with_many_texts"}
    failed = {name for name, case in cases.items() if case.find("failure") is not None}
    assert failed == cases.keys() - good
    assert [case for case in cases.values() if case.find("error") is not None] == []
    found = cases["test_that_records_a_figure"].find("properties/property")
    assert (found.get("name"), found.get("value")) == ("seconds", "[0.25, 1.5]")
