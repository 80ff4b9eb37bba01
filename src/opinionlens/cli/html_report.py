"""The report of `opinionlens evaluate` as one file that needs nothing else."""

from __future__ import annotations
from dataclasses import dataclass
from pathlib import Path
from opinionlens.evaluation.own_data_report import OwnDataReport


@dataclass(frozen=True)
class HtmlReport:
    file: Path

    @classmethod
    def opened(cls, file: Path) -> HtmlReport:
        return cls(file)

    def write(self, report: OwnDataReport) -> None: ...
