"""MLflow's own warning, which no test of ours can avoid."""

from __future__ import annotations

from pathlib import Path

import pytest

# SQLAlchemy 2.1 deprecates an option that MLflow 3.17 still uses.
MLFLOW_WARNING = "ignore:The ``noload`` loader strategy:DeprecationWarning:mlflow.store.tracking"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings(MLFLOW_WARNING))
