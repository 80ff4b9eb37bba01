import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opinionlens.text import bulk
from opinionlens.text import deduplication as scalar

REAL = """\
@VirginAmerica plus you've added commercials to the experience... tacky. http://t.co/AbC1d
RT @JetBlue: Our fleet's on fleek. http://t.co/LYcARlTFHl
@SouthwestAir I&#39;m sooooo mad!!!!! 3hrs on hold &amp; nobody answers?!? #fail #neveragain
One of the other reviewers said that after just 1 Oz episode you'll be hooked.<br /><br />They are right.
I thought this was a wonderful way to spend time... 10/10, "must-see" (IMHO) :-) it's -- well -- _great_
Encore une déception, l'été à l'hôtel “Métropole” – 45 £ pour rien… don’t go!
\x96 A film by Göran Åkesson; it\x92s 1½ hours long \x85 too long
this taffy is so good.  It is very soft and chewy.  I'd buy it again =D <3
""".splitlines()


def by_row(function, texts):
    return [None if text is None else function(text) for text in texts]


@settings(deadline=None, max_examples=150)
@given(data=st.data())
def test_keys_and_word_counts_are_alike(hard_texts, data):
    texts = [*data.draw(st.lists(hard_texts, max_size=8)), *REAL]
    frame = pl.DataFrame({"text": texts}).with_columns(key=bulk.deduplication_key(pl.col("text")))
    frame = frame.with_columns(words=bulk.word_counts(pl.col("key")))
    assert frame["key"].to_list() == by_row(scalar.deduplication_key, texts)
    assert frame["words"].to_list() == [len(key.split()) for key in frame["key"]]


@pytest.mark.parametrize(
    "character",
    [
        "\u212a",
        "İ",
        "ı",
        "ſ",
        "ŉ",
        "ǅ",
        "ß",
        "ẞ",
        "Σ",
        "ﬁ",
        "²",
        "½",
        "ª",
        "\xad",
        "\u0301",
        "\x1c",
        "_",
        "🄰",
    ],
)
@pytest.mark.parametrize(
    "frame", ["a{}b", "<{}>", "@{}", "@a{}", "{}http://x", "{}@b", "{}www.x", "rt{}@a", "{}"]
)
def test_characters_that_the_two_engines_read_differently(character, frame):
    texts = [frame.format(character), frame.format(character).upper(), f"x {frame.format(character)} y"]
    series = pl.Series(texts)
    keys = pl.select(bulk.deduplication_key(pl.lit(series))).to_series()
    assert keys.to_list() == by_row(scalar.deduplication_key, texts)


def test_every_character_that_is_not_hard_is_read_alike():
    """Each code point alone, inside a word, and in a user name."""
    points = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000 and (c < 0x3000 or c % 97 == 0)]
    texts = [f"{c} a{c}b @{c}" for c in points]
    series = pl.Series(texts)
    keys = pl.select(bulk.deduplication_key(pl.lit(series))).to_series()
    assert keys.to_list() == by_row(scalar.deduplication_key, texts)


@pytest.mark.parametrize("texts", [[], [None], ["", None, "\x00", "ok", None, "ok :)"]])
def test_missing_texts_stay_missing_and_in_their_place(texts):
    series = pl.Series("t", texts, pl.String)
    frame = pl.DataFrame({"t": series})
    keys = frame.select(bulk.deduplication_key(pl.col("t"))).to_series()
    counts = pl.DataFrame({"key": keys}).select(bulk.word_counts(pl.col("key"))).to_series()
    assert keys.to_list() == by_row(scalar.deduplication_key, texts)
    assert counts.to_list() == by_row(lambda key: len(key.split()), keys)
    assert keys.name == "t"


def test_most_real_texts_need_no_scalar_work(monkeypatch):
    """Otherwise the vectorised way is correct and of no use."""
    asked = []
    monkeypatch.setattr(bulk, "_one_by_one", lambda texts: asked.extend(texts) or texts)
    pl.select(bulk.deduplication_key(pl.lit(pl.Series(REAL))))
    assert 0 < len(asked) < len(REAL) / 2
