from opinionlens.text.memo import Memo


def test_a_value_is_worked_out_once():
    asked = []
    memo = Memo(lambda piece: asked.append(piece) or piece.upper())
    assert [memo["a"], memo["b"], memo["a"]] == ["A", "B", "A"]
    assert asked == ["a", "b"]


def test_long_pieces_are_not_kept():
    memo = Memo(len)
    assert memo["x" * 40] == 40
    assert memo["x" * 41] == 41
    assert list(memo) == ["x" * 40]


def test_it_never_grows_beyond_its_capacity():
    memo = Memo(str.upper, capacity=3)
    sizes = []
    for piece in "abcdefg":
        assert memo[piece] == piece.upper()
        sizes.append(len(memo))
    assert sizes == [1, 2, 3, 1, 2, 3, 1]
