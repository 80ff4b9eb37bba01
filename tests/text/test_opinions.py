import pytest

from opinionlens.text.opinions import read_opinions
from opinionlens.text.scanning import scan


def rated(text):
    """The opinions without the words whose valence is only inferred; they are a value of their own."""
    return [opinion for opinion in read_opinions(scan(text)).opinions if not opinion.inferred]


def total(text):
    return sum(opinion.value for opinion in rated(text))


@pytest.mark.parametrize(
    ("praise", "blame"),
    [
        ("The lake was beautiful", "The lake was not beautiful"),
        ("There were no problems", "There were problems"),
        ("She never disappoints", "She disappoints"),
        ("The crew couldn't be nicer", "The crew could be nicer"),
        ("That wasn't a bad lunch", "That was a bad lunch"),
        ("The tent is better than the last", "The tent is worse than the last"),
        ("Cheap look, but a superb sound", "A superb sound, but a cheap, awful look"),
        ("Although the road is awful, the view is superb", "Although the view is superb, the road is awful"),
        ("Despite the terrible weather we loved it", "Despite the lovely weather we hated it"),
        ("Don't miss this show!", "Don't waste your time!"),
        ("I can't help but smile", "Don't recommend it to anybody"),
        ("Don't hesitate", "Don't buy it"),
        ("8/10", "3/10"),
        ("4 stars", "1 star"),
        ("nine out of ten", "two out of ten"),
        ("Lunch in the park 😍", "Lunch in the rain 😡"),
        ("See you there :)", "See you there :("),
        ("Isn't she lovely?", "She isn't lovely."),
        ("That phone is the bomb", "That phone is a lemon"),
        ("It never fails to amuse", "It fails to amuse"),
        ("8.5/10", "1.5 out of 10"),
        ("★★★★★ pushchair", "★☆☆☆☆ pushchair"),
        ("The parcel is here ^_^", "The parcel is lost T_T"),
        ("Few rooms are less dirty", "Few guides are less helpful"),
        ("Their bread is tastier", "My grandmother's bread is tastier than theirs"),
        (
            "Everyone told me it was awful, but they were wrong",
            "They said it was fine, which was a downright lie",
        ),
        ("My sister said it was lovely and I agree", "My sister said it was awful and I agree"),
        ("I'd say the bread is lovely", "I'd say the bread is awful"),
        ("Despite the drizzle we loved it", "Despite the sunshine we hated it"),
        ("There is nothing bad to say about them", "There is nothing good to say about them"),
    ],
)
def test_praise_is_above_and_blame_below_zero(praise, blame):
    assert total(praise) > 0.5
    assert total(blame) < -0.5


@pytest.mark.parametrize(
    ("stronger", "weaker"),
    [
        ("a very good day", "a good day"),
        ("a good day", "a fairly good day"),
        ("a GOOD day", "a good day"),
        ("The meal was bad", "They said that the meal was bad"),
        ("It is good", "If it is good"),
        ("The plan is unfair", "The plan is unfair, the newspaper wrote"),
        ("We hated the trip", "In her memoir she writes that she hated the trip"),
        ("Although it rained, the walk was lovely", "It rained and the walk was lovely"),
    ],
)
def test_context_moves_the_strength(stronger, weaker):
    assert abs(total(stronger)) > abs(total(weaker)) > 0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The bus leaves at nine",
        "no smoking",
        "good morning",
        "kind of blue",
        "Please don't hesitate to call us",
        "24/7",
        "7 days, 5 nights",
    ],
)
def test_what_says_nothing_is_zero(text):
    assert total(text) == 0


def test_a_negator_ends_with_its_clause():
    assert total("not today, good") == total("today, good")
    assert total("not so very good") < 0


@pytest.mark.parametrize(
    ("meant", "said"),
    [
        ("Great, the bus is late again.", "The bus is late again."),
        ("Brilliant idea, now it is broken.", "Now it is broken."),
        ("I love how it is broken.", "It is broken."),
    ],
)
def test_sarcasm_turns_an_opening_word_of_praise_before_complaints(meant, said):
    assert total(meant) < total(said) < 0


def test_sarcasm_turns_an_opening_word_of_praise_before_another():
    assert total("Great, another form to fill in.") < 0 < total("Great, a form to fill in.")


@pytest.mark.parametrize(
    "text", ["5 stars, no hesitation.", "Great, we loved it.", "I love how quiet it is."]
)
def test_sincere_praise_is_not_turned(text):
    assert total(text) > 0.5


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("The minister said it was a disaster.", [False]),
        ("Several reviewers praise the sound.", [False]),
        ("The strike is a disaster, the union says.", [False]),
        ("They say it is awful; I love it.", [False, True]),
        ("I say it is awful.", [True]),
    ],
)
def test_opinions_of_others_are_told_apart(text, own):
    assert [not opinion.reported for opinion in rated(text)] == own


def test_whoever_agrees_makes_an_opinion_of_others_his_own():
    assert total("They said it was awful and I agree") == pytest.approx(total("It was awful"))


@pytest.mark.parametrize("text", ["Isn't she adorable?", "What's not to love?", "Could it be any better?!"])
def test_a_question_that_says_what_it_means_asks_nothing(text):
    found = read_opinions(scan(text))
    assert (found.asks, [opinion.asked for opinion in rated(text)]) == (False, [False])


@pytest.mark.parametrize("text", ["Is it any good?", "What time is it?!", "How good is the lock?"])
def test_a_question_asks(text):
    assert read_opinions(scan(text)).asks


def test_question_and_request_are_seen():
    text = "A bad start. Is it a good hotel?"
    assert read_opinions(scan(text)).asks
    assert [opinion.asked for opinion in rated(text)] == [False, True]
    assert not read_opinions(scan("Is it? It is.")).asks
    assert read_opinions(scan("Could you send the form")).requests


def test_each_but_weakens_what_stands_before_it_once_more():
    once = read_opinions(["good"]).opinions[0].value
    values = [one.value for one in read_opinions(scan("good but good but good. good")).opinions]
    assert values == pytest.approx([0.25 * once, 0.75 * once, 1.5 * once, once])


def test_only_intensifiers_in_reach_count():
    plain, near = (
        read_opinions(scan(words)).opinions[-1].value for words in ("good", "very very the the good")
    )
    far = read_opinions(scan("very very very the the the good")).opinions[-1].value
    assert (near > plain, far) == (True, pytest.approx(plain))
