"""Tables of a run: printed at its end and kept in .cache/stack."""

from __future__ import annotations

from tests.stack.places import CACHE

_HEADS = {
    "bring-up": ("step or service", "seconds"),
    "counts": ("what was counted", "by the load generator", "by the metrics"),
    "faults": ("fault", "what clients saw", "alert", "fired after", "resolved after"),
    "backup": ("what was restored and compared", "how many"),
    "site": ("what was done", "what was seen"),
    "expressions": ("where", "expressions", "errors", "empty"),
    "empty expressions": ("expression", "reason"),
}


class Tables:
    """Rows by name of the table."""

    def __init__(self) -> None:
        self._rows: dict[str, list[tuple[str, ...]]] = {name: [] for name in _HEADS}

    def add(self, table: str, *cells: object) -> None:
        assert len(cells) == len(_HEADS[table])
        self._rows[table].append(tuple(str(cell) for cell in cells))

    def text(self) -> str:
        """Return them in Markdown."""
        return "\n\n".join(
            "\n".join(
                [f"## {name}", "", _line(_HEADS[name]), _line(["---"] * len(_HEADS[name])), *map(_line, rows)]
            )
            for name, rows in self._rows.items()
            if rows
        )

    def keep(self) -> None:
        if text := self.text():
            CACHE.mkdir(parents=True, exist_ok=True)
            (CACHE / "tables.md").write_text(f"{text}\n")


def _line(cells: object) -> str:
    return f"| {' | '.join(cell.replace('|', '¦') for cell in cells)} |"
