"""The places that the stages read and write.

They are relative to the project's root; `dvc.yaml` names the same places.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

SPLITS = ("train", "val", "test")
SLICES = ("balanced_data", "short_text", "long_text", "less_common_words", "more_common_words")


@dataclass(frozen=True)
class Paths:
    """The places of one project.

    Tests make one below a temporary folder.
    """

    root: Path = Path()

    @property
    def params(self) -> Path:
        """The parameters of the experiment."""
        return self.root / "params.yaml"

    @property
    def kind_params(self) -> Path:
        """The parameters of the heavier kinds."""
        return self.root / "kinds" / "params.yaml"

    @property
    def fetched(self) -> Path:
        """Data sets from packages or the network, one folder each."""
        return self.root / "data" / "fetched"

    @property
    def preprocessed(self) -> Path:
        """`{train,val,test}.parquet`, raw texts with labels."""
        return self.root / "data" / "preprocessed"

    @property
    def eval_data(self) -> Path:
        """The evaluation slices, one Parquet file each."""
        return self.root / "data" / "eval_data"

    @property
    def everyday(self) -> Path:
        """Labelled everyday sentences, by kind.

        A project may have none.
        """
        return self.root / "tests" / "model" / "everyday.csv"

    @property
    def vectorized(self) -> Path:
        """Counts per split, as memory-mappable arrays."""
        return self.root / "data" / "vectorized"

    @property
    def vectorizer(self) -> Path:
        """The vocabulary, as data."""
        return self.root / "objects" / "vectorizer"

    @property
    def classifier(self) -> Path:
        """The tuned artifact."""
        return self.root / "objects" / "classifier"

    @property
    def fasttext(self) -> Path:
        """The fastText artifact."""
        return self.root / "objects" / "fasttext"

    @property
    def transformer(self) -> Path:
        """The artifact of a fine-tuned Transformer."""
        return self.root / "objects" / "transformer"

    @property
    def distilled(self) -> Path:
        """The artifact of a distilled linear model."""
        return self.root / "objects" / "distilled"

    @property
    def checkpoints(self) -> Path:
        """Unfinished trainings of Transformers, a folder each.

        No output of DVC: they outlive an interrupted stage.
        """
        return self.root / ".cache" / "train_transformer"

    @property
    def figures(self) -> Path:
        """Pictures of the last run of each training stage."""
        return self.root / "figures"

    @property
    def metrics(self) -> Path:
        """The committed figures: JSON without times or run ids."""
        return self.root / "metrics"

    @property
    def tuned(self) -> Path:
        """The run and logged model of the tuned artifact.

        No output of DVC, because it differs by clone.
        """
        return self.root / "objects" / "tuned.json"

    def raw(self, raw_dir: str) -> Path:
        """Return the folder of the user's own data.

        Absolute paths stay as they are.
        """
        return self.root / raw_dir
