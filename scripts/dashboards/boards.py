"""All dashboards, in the order in which a person goes through them."""

from scripts.dashboards import drift, fastapi, inference, models, node, overview, postgres, traefik
from scripts.dashboards.frame import Board

# Stands for the address at which this repository can be read; `make dashboards DOCS_URL=…` sets another.
DOCS = "https://docs.example.org/opinionlens"

BOARDS: tuple[Board, ...] = tuple(
    module.BOARD for module in (overview, inference, models, drift, fastapi, traefik, postgres, node)
)


def rendered(docs: str = DOCS) -> dict[str, str]:
    """Return the text of every file by its name."""
    return {f"{board.name}.json": board.json(docs) for board in BOARDS}
