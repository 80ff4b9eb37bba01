import numpy as np
import scipy.sparse as sp

from opinionlens.families.column_selection import narrowed, telling_terms
from opinionlens.features.counts import Counts, canonical
from opinionlens.features.weighting import BlockWeighting, Weighting

CODES = np.array([0, 0, 2, 2])
# Column 0 is in every text, 1 and 3 tell the classes apart, 2 and 4 are in one text of each.
BLOCK = canonical(
    sp.csr_array(np.array([[1, 1, 1, 0, 1], [1, 9, 0, 0, 0], [1, 0, 1, 1, 1], [1, 0, 0, 1, 0]]))
)


def test_terms_that_depend_on_the_class_are_chosen():
    assert telling_terms(BLOCK, CODES, 2).tolist() == [1, 3]


def test_asking_for_more_than_there_are_gives_all():
    assert telling_terms(BLOCK, CODES, 100).tolist() == [0, 1, 2, 3, 4]


def test_other_columns_count_for_nothing_not_even_the_norm():
    counts = Counts(words=BLOCK, lexicon=np.array([[0.5], [0.5], [0.0], [0.0]]))
    plain = Weighting(
        words=BlockWeighting("binary", np.full(5, 3.0), normalise=True),
        lexicon=BlockWeighting("count", np.ones(1), normalise=False),
    )
    weighting, columns = narrowed(plain, counts, CODES, 2)
    assert columns.tolist() == [1, 3, 5]
    seen = weighting.apply(counts).toarray()
    np.testing.assert_allclose(seen[:, columns], [[1, 0, 0.5], [1, 0, 0.5], [0, 1, 0], [0, 1, 0]])
    assert not np.delete(seen, columns, axis=1).any()
