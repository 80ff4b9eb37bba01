"""The behavioural checks that every classifier is put to before it may be promoted.

Templates are filled from lists, so that no single sentence decides; each check has 20 cases or more. The
texts speak of what the data sets speak of (flights, phones, meals, films, parcels); whoever is named is
invented or a household name. A check whose cases change gets a new name: old pass rates are not comparable
with new ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from opinionlens.evaluation.expectations import Check, Kind, Overturns, Same, Says, Strengthens
from opinionlens.text.labels import Label

NEGATIVE, NEUTRAL, POSITIVE = Label.NEGATIVE, Label.NEUTRAL, Label.POSITIVE

_THINGS = ("the service", "this flight", "the new phone", "the food", "the film", "their support")
_PRAISE_WORDS = ("good", "great", "helpful", "amazing", "excellent")
_COMPLAINT_WORDS = ("bad", "terrible", "awful", "horrible")


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def _negated_praise() -> tuple[Overturns, ...]:
    copula = (
        Overturns(_sentence(f"{thing} was {word}."), _sentence(f"{thing} was not {word}."), POSITIVE)
        for thing, word in product(_THINGS, _PRAISE_WORDS)
    )
    verbs = (
        ("I love this airline", "I don't love this airline"),
        ("I like the new app", "I do not like the new app"),
        ("I recommend this place", "I would never recommend this place"),
        ("The crew was friendly", "The crew wasn't friendly"),
        ("We enjoyed the film", "We did not enjoy the film"),
        ("I am happy with the battery", "I am not happy with the battery"),
        ("They were helpful", "They were not helpful at all"),
        ("It works well", "It doesn't work well"),
        ("That was a nice trip", "That was not a nice trip"),
        ("The staff cares about customers", "The staff does not care about customers"),
    )
    return (*copula, *(Overturns(before, after, POSITIVE) for before, after in verbs))


def _negated_complaints() -> tuple[Overturns, ...]:
    copula = (
        Overturns(_sentence(f"{thing} was {word}."), _sentence(f"{thing} was not {word}."), NEGATIVE)
        for thing, word in product(_THINGS, _COMPLAINT_WORDS)
    )
    verbs = (
        ("I hate this airline", "I don't hate this airline"),
        ("I had problems with my order", "I never had problems with my order"),
        ("The seat was uncomfortable", "The seat was not uncomfortable"),
        ("They failed us", "They did not fail us"),
    )
    return (*copula, *(Overturns(before, after, NEGATIVE) for before, after in verbs))


_OPINIONS = (
    "{} told me the flight was cancelled again, what a terrible day",
    "{} said the food was amazing and I agree",
    "I went with {} and we loved every minute of it",
    "{} waited three hours for the bags, this is ridiculous",
    "{} is flying on Monday",
)
_PEOPLE = ("Mary", "Mohammed", "Giulia", "Wei", "Kwame", "Priya", "John", "Olga")
_BRANDS = ("United", "Delta", "Lufthansa", "Northwind", "Acme")
_BRAND_OPINIONS = (
    "Thank you {} for the great service today!",
    "{} lost my bag and nobody answers the phone",
    "My package from {} arrives on Tuesday",
    "The new {} app is fantastic",
    "I am so disappointed with {}, never again",
)
_PLACES = ("Paris", "Chicago", "Nairobi", "Lisbon", "Osaka")
_PLACE_OPINIONS = (
    "Stuck in {} for six hours and nobody tells us anything",
    "Wonderful trip to {}, thank you so much",
    "The flight to {} leaves at 9 from gate 12",
    "Worst hotel in {}, dirty and loud",
    "We had a lovely dinner in {} last night",
)
_MESSAGES = (
    "thanks for the quick help, you are the best",
    "my flight is delayed again and I am so angry",
    "do you fly to Boston on Sundays?",
    "the worst customer service I have ever had",
    "love the new seats, great job",
    "you broke my suitcase",
    "can I change my booking online?",
)


def _swapped(templates: Sequence[str], names: Sequence[str]) -> tuple[Same, ...]:
    """Each template with each pair of neighbouring names."""
    pairs = zip(names, (*names[1:], names[0]), strict=True)
    return tuple(
        Same((text.format(one), text.format(other))) for (one, other), text in product(pairs, templates)
    )


def _user_names() -> tuple[Same, ...]:
    users = (("@united", "@northwind"), ("@JetBlue", "@sunny_anna"), ("@VirginAmerica", "@kofi77"))
    return tuple(
        Same((f"{one} {text}", f"{other} {text}")) for (one, other), text in product(users, _MESSAGES)
    )


def _links() -> tuple[Same, ...]:
    links = ("http://t.co/Ab3dE9xYz1", "https://example.org/news?id=42", "www.example.com/best-offers")
    return tuple(Same((text, f"{text} {link}")) for text, link in product(_MESSAGES, links))


_TYPOS = (
    ("thank you so much for the amazing service", "thank you so mcuh for the amazing servcie"),
    ("thank you so much for the amazing service", "thankyou so much for the amazing service"),
    ("I love the new seats on this plane", "I love the new seats on thsi palne"),
    ("I love the new seats on this plane", "I lovee the new seats on this plane"),
    ("the crew was wonderful and very friendly", "the crew was wonderfull and very freindly"),
    ("best flight I have had in years", "best fligth I have had in yeras"),
    ("great food and excellent staff", "great food and excelent staff"),
    ("this phone is fantastic, so happy with it", "this phone is fantastc, so hapy with it"),
    ("the worst customer service ever", "the worst custmer service ever"),
    ("the worst customer service ever", "the worst customer servise evr"),
    ("my flight was cancelled and nobody helps", "my flight was canceled and nobdoy helps"),
    ("this is a terrible experience, never again", "this is a terible experience, never agian"),
    ("I am so disappointed with your company", "I am so dissapointed with your compnay"),
    ("you lost my luggage again", "you lost my lugage again"),
    ("rude staff and dirty seats", "rude saff and dirty seets"),
    ("horrible film, a complete waste of time", "horible film, a complete wsate of time"),
    ("what time does the flight leave tomorrow?", "what time does the fligth leave tomorow?"),
    ("is there a bus from the airport to the city?", "is there a bus form the airport to teh city?"),
    ("the meeting was moved to Thursday", "the meeting was moved to Thrusday"),
    ("the store opens at nine on Saturday", "the stroe opens at nine on Saturday"),
    ("thanks for the quick answer", "thanks for the quik answer"),
    ("the delay ruined our holiday", "the dealy ruined our holliday"),
)

_PRAISES = (
    "Thank you so much for the wonderful service!",
    "I love this airline, best crew ever",
    "Amazing flight, friendly staff and on time",
    "Great job, you made my day :)",
    "The food was delicious and the waiter was lovely",
    "Best phone I have ever owned",
    "What a beautiful film, I loved every minute",
    "Excellent quality, I will buy it again",
    "You guys are awesome, thanks for the help",
    "Very happy with my order, it came a day early",
    "Fantastic experience from start to finish",
    "Kudos to the crew, they were fantastic",
    "I am impressed, this works perfectly",
    "Such a great customer service, thank you!",
    "The new seats are so comfortable, love them",
    "Perfect trip, thanks to everyone on board",
    "This coffee tastes great",
    "Brilliant acting and a wonderful story",
    "Superb support, my problem was solved in minutes",
    "Really pleased with the new app, well done",
    "So excited for my trip, you are the best!",
    "Highly recommended, a truly lovely place",
    "The upgrade was a nice surprise, thank you",
    "Thanks for the free drinks, great flight ❤️",
)
_COMPLAINTS = (
    "Worst airline ever, I will never fly with you again",
    "My flight was cancelled and nobody answers the phone",
    "Terrible service, rude staff",
    "You lost my luggage and you do not care",
    "Three hours on hold, this is ridiculous",
    "The food was awful and cold",
    "Horrible film, a waste of time and money",
    "This phone is garbage, it broke after two days",
    "I am so angry, still no refund after six weeks",
    "Very disappointed with the quality",
    "Your website is broken and your support is useless",
    "Delayed again, thanks for nothing",
    "I hate this app, it crashes all the time",
    "Disgusting room, dirty bathroom",
    "The seat was broken and the crew was rude",
    "Never again, what a nightmare",
    "The worst customer service I have ever had",
    "My package arrived damaged and you refuse to help",
    "Boring plot and terrible acting",
    "You ruined our holiday",
    "Missed my connection because of your delay, unacceptable",
    "They overcharged me and ignore my emails",
    "It stopped working and nobody helps :(",
    "Absolutely pathetic, stuck on the tarmac for four hours",
)
_FACTS = (
    "What time does the flight to Boston leave?",
    "Do you fly to Denver on Sundays?",
    "The meeting is on Tuesday at 10",
    "Apple will present its results on Thursday",
    "Is there a bus from the airport to the city?",
    "How many bags can I take on board?",
    "Google is testing self-driving cars in Austin",
    "The store opens at nine on Saturday",
    "Flight 212 departs from gate 14",
    "Where can I find my booking number?",
    "The company has offices in London and Madrid",
    "Can I change the name on my ticket?",
    "The phone has a 6 inch screen and two cameras",
    "They announced a new route from Dallas to Austin",
    "Which terminal do you use at JFK?",
    "The film runs for two hours and was shot in 2019",
    "Is the lounge open at 6 am?",
    "I sent you a direct message with my number",
    "The report was published on Monday",
    "Does this cable fit the older model?",
    "We land at 7 and take the train",
    "The package contains a charger and a cable",
    "Boarding starts in twenty minutes",
    "Who is the new head of the company?",
)

_INTENSIFIERS = ("very", "really", "so", "extremely")


def _intensified() -> tuple[Strengthens, ...]:
    adjectives = [(word, POSITIVE) for word in ("good", "helpful", "happy", "friendly")]
    adjectives += [(word, NEGATIVE) for word in ("bad", "rude", "slow", "disappointed")]
    return tuple(
        Strengthens(f"They were {word} today.", f"They were {intensifier} {word} today.", label)
        for intensifier, (word, label) in product(_INTENSIFIERS, adjectives)
    )


def _added_opinion() -> tuple[Strengthens, ...]:
    more = (
        *((text, POSITIVE) for text in ("I love it!", "You are great.", "Thank you, excellent work!")),
        *((text, NEGATIVE) for text in ("I hate it!", "You are terrible.", "Never again, awful work!")),
    )
    return tuple(
        Strengthens(fact, f"{fact} {text}", label)
        for fact, (text, label) in product(
            ("We land at 7.", "The store is open.", "I have a question.", "It is Monday."), more
        )
    )


CHECKS: tuple[Check, ...] = (
    Check("negation_flips_praise", Kind.DIRECTION, _negated_praise()),
    Check("negation_flips_complaints", Kind.DIRECTION, _negated_complaints()),
    Check("intensifiers_strengthen", Kind.DIRECTION, _intensified()),
    Check("added_opinions_count", Kind.DIRECTION, _added_opinion()),
    Check("people_do_not_matter", Kind.INVARIANCE, _swapped(_OPINIONS, _PEOPLE)),
    Check("brands_do_not_matter", Kind.INVARIANCE, _swapped(_BRAND_OPINIONS, _BRANDS)),
    Check("places_do_not_matter", Kind.INVARIANCE, _swapped(_PLACE_OPINIONS, _PLACES)),
    Check("user_names_do_not_matter", Kind.INVARIANCE, _user_names()),
    Check("links_do_not_matter", Kind.INVARIANCE, _links()),
    Check("typos_do_not_matter", Kind.INVARIANCE, tuple(Same(pair) for pair in _TYPOS)),
    Check(
        "praise_stays_praise", Kind.MINIMUM_FUNCTIONALITY, tuple(Says(text, POSITIVE) for text in _PRAISES)
    ),
    Check(
        "complaints_stay_complaints",
        Kind.MINIMUM_FUNCTIONALITY,
        tuple(Says(text, NEGATIVE) for text in _COMPLAINTS),
    ),
    Check("facts_are_neutral", Kind.MINIMUM_FUNCTIONALITY, tuple(Says(text, NEUTRAL) for text in _FACTS)),
)
"""Every check, by kind."""
