"""A file that would lead the library outside of it is refused; the form is written by hand in `support`."""

from __future__ import annotations

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.fasttext_files import LABELS, FastTextFile

from opinionlens.base.errors import ArtifactUnsupported
from opinionlens.classifiers.fasttext_file import check_model

WHOLE = {
    "dense": FastTextFile(),
    "with parts of words": FastTextFile(maxn=5, bucket=10, word_ngrams=2),
    "quantized": FastTextFile(quantized=True, bucket=10, maxn=3),
    "quantized without norms": FastTextFile(quantized=True, norms=False),
    "with a last part that is shorter": FastTextFile(dim=5, quantized=True),
    "pruned": FastTextFile(quantized=True, bucket=10, maxn=3, pruned=[(7, 0), (3, 1)], rows=4),
    "pruned to nothing": FastTextFile(quantized=True, bucket=10, maxn=3, pruned=[], rows=2),
}


@pytest.mark.parametrize("file", WHOLE.values(), ids=WHOLE)
def test_files_as_the_library_writes_them_pass(file):
    check_model(file.content(), LABELS)


FAULTY = {
    "another program's": FastTextFile(magic=1),
    "another version": FastTextFile(version=11),
    "no dimensions": FastTextFile(dim=0),
    "ten thousand dimensions": FastTextFile(dim=10_000),
    "another loss": FastTextFile(loss=1),
    "word vectors without labels": FastTextFile(model=2),
    "parts of words in no bucket": FastTextFile(maxn=3),
    "runs of words in no bucket": FastTextFile(word_ngrams=2),
    "a negative bucket": FastTextFile(bucket=-1, rows=2),
    "parts of a thousand letters": FastTextFile(maxn=1_000, bucket=5),
    "fewer labels": FastTextFile(labels=["__label__NEGATIVE", "__label__NEUTRAL"]),
    "other labels": FastTextFile(labels=["__label__a", "__label__b", "__label__c"]),
    "a label twice": FastTextFile(labels=["__label__NEGATIVE", "__label__NEUTRAL", "__label__NEUTRAL"]),
    "a label before a word": FastTextFile(kinds=[1, 0, 0, 1, 1]),
    "a size that is not the sum": FastTextFile(size=6),
    "two thousand million entries": FastTextFile(size=2_000_000_000),
    "a word without end": FastTextFile(words=["</s>", "x" * 2_000]),
    "fewer vectors than words": FastTextFile(rows=1),
    "fewer vectors than buckets": FastTextFile(bucket=10, maxn=3, rows=11),
    "vectors of another width": FastTextFile(columns=3),
    "a table of n-grams that leads behind": FastTextFile(
        quantized=True, bucket=10, maxn=3, pruned=[(7, 2)], rows=4
    ),
    "a table of n-grams that leads before": FastTextFile(
        quantized=True, bucket=10, maxn=3, pruned=[(7, -1)], rows=4
    ),
    "a table larger than the file": FastTextFile(pruned=[], pruned_size=2**40, quantized=True),
    "pruned without codes": FastTextFile(bucket=10, maxn=3, pruned=[(7, 0)], rows=3),
    "parts that do not fit": FastTextFile(quantized=True, parts=3),
    "parts without width": FastTextFile(quantized=True, dsub=1, parts=2),
    "an output too few": FastTextFile(outputs=2),
    "more behind its end": FastTextFile(extra=b"\0"),
}


@pytest.mark.parametrize("file", FAULTY.values(), ids=FAULTY)
def test_files_with_a_false_number_are_refused(file):
    with pytest.raises(ArtifactUnsupported, match="The fastText model is refused: "):
        check_model(file.content(), LABELS)


@pytest.mark.parametrize("rows", [-3, 4, 2**40, 2**62])
def test_other_numbers_of_rows_than_the_file_has_are_refused(rows):
    content = bytearray(FastTextFile().content())
    start = content.rindex(struct.pack("<2q", 3, 4))
    content[start : start + 8] = struct.pack("<q", rows)
    with pytest.raises(ArtifactUnsupported):
        check_model(bytes(content), LABELS)


@pytest.mark.parametrize("file", WHOLE.values(), ids=WHOLE)
def test_a_file_that_ends_anywhere_before_its_end_is_refused(file):
    content = file.content()
    for end in {0, 4, 60, 70, 100, len(content) // 2, len(content) - 1}:
        with pytest.raises(ArtifactUnsupported):
            check_model(content[:end], LABELS)


@given(st.binary(max_size=200), st.integers(0, 200))
def test_whatever_the_bytes_no_other_error_comes_out(noise, place):
    content = FastTextFile(quantized=True, bucket=4, maxn=3).content()
    with suppress(ArtifactUnsupported):
        check_model(content[:place] + noise + content[place + len(noise) :], LABELS)
