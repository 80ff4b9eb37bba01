import polars as pl

from opinionlens.datasets.storing import COLUMNS, write_frames


def test_equal_frames_are_equal_bytes(tmp_path):
    frame = pl.DataFrame({name: [f"{name} {n}" for n in range(5000)] for name in COLUMNS})
    contents = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        write_frames({"train": frame.clone()}, tmp_path / folder)
        contents.append((tmp_path / folder / "train.parquet").read_bytes())
    assert contents[0] == contents[1]


def test_only_the_agreed_columns_are_stored_in_their_order(tmp_path):
    values = {
        "key": ["k"],
        "words": ["w"],
        **{name: [None if name == "group" else name] for name in COLUMNS[::-1]},
    }
    frame = pl.DataFrame(values, schema_overrides={"group": pl.String})
    write_frames({"test": frame}, tmp_path)
    stored = pl.read_parquet(tmp_path / "test.parquet")
    assert tuple(stored.columns) == COLUMNS
    assert stored.equals(frame.select(COLUMNS))
    assert stored.dtypes == [pl.String] * len(COLUMNS)
