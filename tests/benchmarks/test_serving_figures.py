"""The arithmetic of the serving benchmark; what it measures is nobody's test."""

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def figures():
    """The module by its path: `benchmarks` is no package that is installed."""
    spec = importlib.util.spec_from_file_location("figures", ROOT / "benchmarks" / "serving" / "figures.py")
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        # Where dataclasses look for the module of a class.
        patch.setitem(sys.modules, "figures", module)
        spec.loader.exec_module(module)
    return module


class TestPercentile:
    @pytest.mark.parametrize(
        ("share", "expected"), [(0.01, 1.0), (0.5, 50.0), (0.99, 99.0), (0.991, 100.0), (1.0, 100.0)]
    )
    def test_is_the_value_that_so_many_do_not_exceed(self, figures, share, expected):
        assert figures.percentile([float(value) for value in range(100, 0, -1)], share) == expected

    def test_of_one_value_is_that_value(self, figures):
        assert figures.percentile([7.0], 0.99) == 7.0

    @pytest.mark.parametrize(("values", "share"), [([], 0.5), ([1.0], 0.0), ([1.0], 1.01)])
    def test_refuses_what_has_none(self, figures, values, share):
        with pytest.raises(ValueError, match="percentile"):
            figures.percentile(values, share)


class TestRatios:
    def test_compare_with_the_best_of_the_same_round(self, figures):
        assert figures.ratios([10.0, 10.0], [[1.0, 5.0], [2.0, 4.0]]) == [5.0, 2.0]

    def test_refuse_rounds_that_are_missing(self, figures):
        with pytest.raises(ValueError, match="shorter"):
            figures.ratios([10.0, 10.0], [[1.0]])


class TestSpread:
    def test_shows_the_middle_and_both_ends(self, figures):
        assert figures.Spread.of([3.0, 1.0, 1200.0]).shown() == "3 (1 to 1,200)"

    def test_shows_equal_values_once(self, figures):
        assert figures.Spread.of([0.251, 0.249]).shown(2) == "0.25"


class TestMarkdownTable:
    def test_has_a_head_a_rule_and_rows(self, figures):
        assert figures.markdown_table(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"

    def test_refuses_a_row_of_another_length(self, figures):
        with pytest.raises(ValueError, match="length"):
            figures.markdown_table(["a", "b"], [["1"]])


class TestMedianInterval:
    @pytest.mark.parametrize(
        ("n", "cut"), [(1, 0), (5, 0), (6, 0), (8, 0), (9, 1), (11, 1), (12, 2), (30, 9), (100, 39)]
    )
    def test_is_between_the_values_of_the_sign_test_s_tables(self, figures, n, cut):
        values = [float(value) for value in range(n, 0, -1)]
        assert figures.median_interval(values) == (1.0 + cut, float(n - cut))
