"""The order of the review queue."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

from opinionlens.classifiers.prediction import Prediction
from opinionlens.classifiers.uncertainty import UncertainReason
from opinionlens.storage.review_queue import ReviewCandidate
from opinionlens.text.labels import LABELS, Label
from opinionlens.web.services.review_ranking import rank

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SURE, UNDECIDED = (0.02, 0.03, 0.95), (0.1, 0.44, 0.46)


def waits(text, probabilities=SURE, reader=None):
    return ReviewCandidate(uuid4(), NOON, text, Label.POSITIVE, probabilities, reader)


def order(*candidates, labelled=(), predict_many=None):
    return [each.candidate.text for each in rank(candidates, labelled, predict_many)]


def test_disputed_texts_come_first_then_undecided_ones():
    ranked = rank(
        [waits("sure one"), waits("either way", UNDECIDED), waits("disputed here", SURE, Label.NEGATIVE)], []
    )
    assert [each.candidate.text for each in ranked] == ["disputed here", "either way", "sure one"]
    assert [each.reasons for each in ranked] == [
        ("A reader disagrees with the model.",),
        ("Two labels are about as likely to the model.",),
        (),
    ]


def test_a_reader_who_agrees_teaches_nothing_new():
    assert (
        order(waits("agreed upon", SURE, Label.POSITIVE), waits("either way", UNDECIDED))[0] == "either way"
    )


def test_of_texts_nearly_the_same_one_waits_and_none_if_one_is_labelled():
    texts = (
        "my flight to boston was late again",
        "RT @x: my flight to Boston was late again!",
        "another text",
    )
    assert order(*map(waits, texts)) == [texts[0], texts[2]]
    assert order(*map(waits, texts), labelled=["so my flight to boston was late again"]) == [texts[2]]


def test_texts_with_words_that_the_active_model_lacks_rise():
    def predict_many(texts):
        reasons = {"glorp drib": UncertainReason.UNFAMILIAR_TEXT}
        return [Prediction.of(LABELS, SURE, reasons.get(text)) for text in texts]

    first = rank([waits("known words"), waits("glorp drib")], [], predict_many)[0]
    assert (first.candidate.text, first.reasons) == ("glorp drib", ("The model knows few of its words.",))


def test_no_more_than_three_hundred_are_ranked():
    assert len(order(*(waits(f"text{n} number{n}") for n in range(400)))) == 300


def test_texts_that_the_next_version_answers_otherwise_rise():
    def active(texts):
        return [Prediction.of(LABELS, SURE, None) for _ in texts]

    def challenger(texts):
        return [Prediction.of(LABELS, SURE[::-1] if text == "fine print" else SURE, None) for text in texts]

    waiting = [waits("known words"), waits("fine print"), waits("disputed here", SURE, Label.NEGATIVE)]
    ranked = rank(waiting, [], active, challenger)
    assert [each.candidate.text for each in ranked] == ["disputed here", "fine print", "known words"]
    assert ranked[1].reasons == ("The version that may come next answers otherwise.",)
    assert ranked[2].reasons == ()


def test_what_the_worker_asked_a_challenger_counts_without_the_version_here():
    def active(texts):
        return [Prediction.of(LABELS, SURE, None) for _ in texts]

    told = replace(waits("asked in the worker"), challenger=Label.NEGATIVE)
    same = replace(waits("the active one says so now"), challenger=Label.POSITIVE)
    ranked = rank([waits("sure one"), same, told], [], active)
    assert ranked[0].candidate.text == "asked in the worker"
    assert ranked[0].reasons == ("The version that may come next answers otherwise.",)
    assert [each.reasons for each in ranked if each.candidate is same] == [()]
