from opinionlens.text.word_list import emoji_names, valences


def test_the_list_is_complete_and_in_range():
    known = valences()
    assert len(known) > 7_000
    assert all(-4 <= valence <= 4 for valence in known.values())
    assert (known["good"], known["bad"], known[":)"]) == (1.9, -2.5, 2.0)


def test_emoji_are_described_in_words():
    assert emoji_names()["😡"] == "pouting face"
