"""Harder behavioural checks, shown but not compared by the gate.

Linear models on counts pass these in part, and in which part is chance: of pairs of equally good ones,
trained on different samples of the same tweets, nearly all (98 of 100) have some check of this kind on which
the challenger is lower. Once a kind of classifier passes a check for good, its cases belong to
`behaviour_cases`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from opinionlens.evaluation.expectations import (
    Check,
    ExpectationKind,
    Overturns,
    Same,
    Says,
    Strengthens,
    swapped_names,
)
from opinionlens.text.labels import Label

NEGATIVE, NEUTRAL, POSITIVE = Label.NEGATIVE, Label.NEUTRAL, Label.POSITIVE

_SUBJECTS = ("The service was", "This flight was", "The new phone is", "The film was", "Their support was")
_STRONG_PRAISE = ("amazing", "excellent", "impressive", "awesome")
_STRONG_BLAME = ("bad", "terrible", "awful", "horrible")
_NEGATED_BLAME = (
    ("I hate this airline", "I don't hate this airline"),
    ("I had problems with my order", "I never had problems with my order"),
    ("The seat was uncomfortable", "The seat was not uncomfortable"),
    ("They failed us", "They did not fail us"),
)
_INTENSIFIERS = ("very", "really", "so", "extremely")
_OPINIONS = (
    *((word, POSITIVE) for word in ("good", "helpful", "happy", "friendly")),
    *((word, NEGATIVE) for word in ("bad", "rude", "slow", "disappointed")),
)
_MILD_TEXTS = (
    "I went with {} and we loved every minute of it",
    "{} is flying on Monday",
    "My package from {} arrives on Tuesday",
    "The new {} app is fantastic",
)
_NAMES = ("Mary", "Wei", "United", "Lufthansa", "Acme", "Paris", "Osaka")
_TYPOS_IN_THE_DECIDING_WORD = (
    ("I love the new seats on this plane", "I lovee the new seats on this plane"),
    ("this phone is fantastic, so happy with it", "this phone is fantastc, so hapy with it"),
    ("the crew was wonderful and very friendly", "the crew was wonderfull and very freindly"),
    ("the delay ruined our holiday", "the dealy riuned our holiday"),
    ("this is ridiculous, I want a refund", "this is rediculous, I want a refudn"),
    ("an excellent film", "an exellent film"),
    ("a beautiful hotel", "a beutiful hotel"),
    ("the food was delicious", "the food was delicous"),
    ("what a disappointment", "what a dissapointment"),
    ("a terrible trip", "a terible trip"),
    ("such a horrible room", "such a horible room"),
    ("the staff was rude", "the staff was rued"),
    ("thanks a lot", "thnaks a lot"),
    ("great phone", "graet phone"),
    ("awful coffee", "awfull coffee"),
    ("I hate the new design", "I haet the new design"),
    ("the best trip of my life", "the bset trip of my life"),
    ("the worst trip of my life", "the wrost trip of my life"),
    ("my bag is lost", "my bag is lsot"),
    ("I enjoyed the show", "I enjoied the show"),
)
_FACTS = (
    "What time does the flight to Boston leave?",
    "Do you fly to Denver on Sundays?",
    "The meeting is on Tuesday at 10",
    "How many bags can I take on board?",
    "Flight 212 departs from gate 14",
    "The phone has a 6 inch screen and two cameras",
    "Which terminal do you use at JFK?",
    "The film runs for two hours and was shot in 2019",
    "Is the app out for Android?",
    "I sent you a direct message with my number",
    "The report was published on Monday",
    "Could you tell me the gate for Dallas?",
    "We land at 7 and take the train",
    "The package contains a charger and a cable",
    "Boarding starts in twenty minutes",
    "The book has 300 pages",
    "I paid 20 dollars for the ticket",
    "The bus stops in front of the hotel",
    "She works for a bank in Lisbon",
    "The coffee comes in bags of one pound",
)


def _negated(
    words: Sequence[str], label: Label, pairs: Sequence[tuple[str, str]] = ()
) -> tuple[Overturns, ...]:
    templated = ((f"{one} {word}.", f"{one} not {word}.") for one, word in product(_SUBJECTS, words))
    return tuple(Overturns(before, after, label) for before, after in (*templated, *pairs))


def _intensified() -> tuple[Strengthens, ...]:
    return tuple(
        Strengthens(f"They were {word} today.", f"They were {intensifier} {word} today.", label)
        for intensifier, (word, label) in product(_INTENSIFIERS, _OPINIONS)
    )


HARD_CHECKS: tuple[Check, ...] = (
    Check("negation_flips_strong_praise", ExpectationKind.DIRECTION, _negated(_STRONG_PRAISE, POSITIVE)),
    Check(
        "negation_flips_complaints",
        ExpectationKind.DIRECTION,
        _negated(_STRONG_BLAME, NEGATIVE, _NEGATED_BLAME),
    ),
    Check("intensifiers_strengthen", ExpectationKind.DIRECTION, _intensified()),
    Check(
        "names_in_mild_texts_do_not_matter", ExpectationKind.INVARIANCE, swapped_names(_MILD_TEXTS, _NAMES)
    ),
    Check(
        "typos_in_the_deciding_word_do_not_matter",
        ExpectationKind.INVARIANCE,
        tuple(Same(pair) for pair in _TYPOS_IN_THE_DECIDING_WORD),
    ),
    Check(
        "facts_are_neutral",
        ExpectationKind.MINIMUM_FUNCTIONALITY,
        tuple(Says(text, NEUTRAL) for text in _FACTS),
    ),
)
"""Reported beside `CHECKS`, never a reason to refuse."""
