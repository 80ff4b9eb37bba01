"""The behavioural checks that the gate compares.

Each has 20 cases or more, filled from lists, so that no single sentence decides. The texts are about the same
things as the data sets (flights, phones, meals, films); persons and brands in them are invented or household
names. The cases are plain enough for every decent classifier of this project: one that equally good
classifiers pass by chance would refuse most of them, and belongs to `hard_behaviour_cases`. A check whose
cases change gets a new name: old pass rates do not compare with new ones.
"""

from __future__ import annotations

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

_SUBJECTS = ("The new phone is", "Their app is", "The food was")
_NEGATED_WORDS = ("good", "great", "helpful", "nice")
_NEGATED_SENTENCES = (
    ("I am happy with my seat.", "I am not happy with my seat."),
    ("The crew was friendly.", "The crew wasn't friendly."),
    ("They were helpful.", "They weren't helpful at all."),
    ("I like the new app.", "I don't like the new app."),
    ("I love this airline.", "I do not love this airline."),
    ("That was a nice flight.", "That was not a nice flight."),
    ("The staff cares about customers.", "The staff does not care about customers."),
    ("This works great.", "This does not work great."),
    ("I recommend this hotel.", "I can't recommend this hotel."),
    ("You are the best.", "You are not the best."),
    ("It is a good deal.", "It isn't a good deal."),
    ("I enjoyed the film.", "I did not enjoy the film."),
    ("We had fun.", "We had no fun."),
    ("I trust this company.", "I don't trust this company."),
    ("A good experience.", "Not a good experience."),
    ("Thanks, that was helpful.", "That was never helpful."),
)

_FACTS = ("The bus is here.", "The store is open.", "I have a question.", "It is Monday.")
_ADDED_OPINIONS = (
    ("I love it!", POSITIVE),
    ("You are great.", POSITIVE),
    ("Thank you, excellent work!", POSITIVE),
    ("I hate it!", NEGATIVE),
    ("You are terrible.", NEGATIVE),
    ("Never again, awful work!", NEGATIVE),
)

_PEOPLE = ("Mary", "Mohammed", "Giulia", "Wei", "Kwame", "Priya", "John", "Olga")
_OPINIONS_WITH_PEOPLE = (
    "{} told me the flight was cancelled again, what a terrible day",
    "{} said the food was great and I love it too",
    "Thank you {} for the amazing help, you are the best",
    "{} waited three hours for the bags, this is ridiculous",
    "{} and I love the new seats, great job",
    "I am with {} and we are so angry about the rude staff",
)
_BRANDS = ("United", "Delta", "Lufthansa", "Northwind", "Acme")
_OPINIONS_ON_BRANDS = (
    "Thank you {} for the great service today!",
    "{} lost my bag and nobody answers the phone",
    "I love {}, you guys are the best",
    "I am so disappointed with {}, never again",
    "{} has the worst customer service ever",
    "Great flight with {}, friendly crew, thanks!",
)
_PLACES = ("Paris", "Chicago", "Nairobi", "Lisbon", "Osaka")
_OPINIONS_ON_PLACES = (
    "Stuck in {} for six hours and nobody tells us anything",
    "Great flight to {}, thank you so much",
    "Worst service ever in {}, rude staff",
    "Love the new lounge in {}, great job",
    "Delayed in {} again, I am so angry",
    "Thanks for the amazing trip to {}, you are the best",
)
_MESSAGES = (
    "thanks for the quick help, you are the best",
    "my flight is delayed again and I am so angry",
    "the worst customer service I have ever had",
    "love the new seats, great job",
    "you lost my bag and nobody answers the phone",
    "so happy with the great crew today, thank you",
    "cancelled again, this is ridiculous",
    "you guys are awesome",
)
_USERS = (("@united", "@northwind"), ("@JetBlue", "@sunny_anna"), ("@VirginAmerica", "@kofi77"))
_LINKS = ("http://t.co/Ab3dE9xYz1", "https://example.org/news?id=42", "www.example.com/best-offers")

_TYPOS = (
    ("thank you so much for the amazing service", "thank you so mcuh for the amazing servcie"),
    ("thank you so much for the great flight", "thankyou so much for the great flihgt"),
    ("the crew was great and very friendly", "the crew was graet and very friendly"),
    ("great food and excellent staff", "great food and excelent staff"),
    ("love the new seats, great job", "love the nwe saets, great job"),
    ("so happy with the crew today, thank you", "so happy with the crwe toady, thank you"),
    ("you guys are awesome, thanks for the help", "you guys are awsome, thanks for the hlep"),
    ("awesome flight, I love your planes", "awesome flihgt, I love your palnes"),
    ("the worst customer service ever", "the worst custmer service ever"),
    ("the worst customer service ever", "the worst customer servise evr"),
    ("this is a terrible experience, never again", "this is a terible experience, never agian"),
    ("I am so disappointed with your company", "I am so dissapointed with your compnay"),
    ("you lost my luggage again", "you lost my lugage again"),
    ("rude staff and dirty seats", "rude saff and dirty seets"),
    ("delayed for three hours, so angry", "delayde for three huors, so angry"),
    ("still on hold after two hours", "stil on hold after two huors"),
    ("your website is broken again", "your webiste is broken again"),
    ("nobody answers the phone and I missed my flight", "nobody answers teh phone and I missde my flight"),
    ("what time does the flight leave tomorrow?", "what time does the fligth leave tomorow?"),
    ("is there a bus from the airport to the city?", "is there a bus form the airport to teh city?"),
)

_PRAISE = (
    "Thank you so much for the wonderful service!",
    "I love this airline, best crew ever",
    "Amazing flight, friendly staff and on time",
    "Great job, you made my day :)",
    "What a beautiful film, I loved every minute",
    "Excellent quality, I love it",
    "You guys are awesome, thanks for the help",
    "Thanks for the great flight, we enjoyed it",
    "Kudos to the crew, they were fantastic",
    "I am impressed, this works perfectly",
    "Such a great customer service, thank you!",
    "The new seats are so comfortable, love them",
    "Perfect trip, thanks to everyone on board",
    "This coffee tastes great",
    "Brilliant acting and a wonderful story",
    "So excited for my trip, you are the best!",
    "Thanks for the free drinks, great flight ❤️",
    "The upgrade was a nice surprise, thank you",
    "Awesome phone, I love the camera",
    "Great food, great people, great fun",
    "Love love love the new design",
    "Best airline, always friendly",
    "Thanks, you are amazing",
    "Good job team, excellent work",
    "Wow, that was a great show!",
    "I really enjoyed the party, thanks",
    "Happy birthday, we love you!",
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
_NEUTRAL_TEXTS = (
    "Is there a bus from the airport to the city?",
    "Where can I find my booking number?",
    "Can I change the name on my ticket?",
    "Is the lounge open at 6 am?",
    "Does this cable fit the older model?",
    "Who is the new head of the company?",
    "Do you fly from Boston to Austin?",
    "Are there flights to Dallas in March?",
    "Is there wifi on the flight to Austin?",
    "Can I use my points for a friend?",
    "When does the new store open?",
    "Will Google have a booth in Austin?",
    "Where is the party tonight?",
    "What is the weather like in Denver?",
    "Does anyone know when it opens?",
    "Do you have a number for Austin?",
    "Can I bring my own food?",
    "Are you going to the party at SXSW?",
    "Google to launch a new service today",
    "Apple will present its results on Thursday",
    "Google is testing self-driving cars in Austin",
    "They announced a new route from Dallas to Austin",
    "The company has offices in London and Madrid",
)


def _negated_praise() -> tuple[Overturns, ...]:
    pairs = (
        (f"{subject} {word}.", f"{subject} not {word}.")
        for subject, word in product(_SUBJECTS, _NEGATED_WORDS)
    )
    return tuple(Overturns(before, after, POSITIVE) for before, after in (*pairs, *_NEGATED_SENTENCES))


def _added_opinions() -> tuple[Strengthens, ...]:
    return tuple(
        Strengthens(fact, f"{fact} {opinion}", label)
        for fact, (opinion, label) in product(_FACTS, _ADDED_OPINIONS)
    )


def _user_names() -> tuple[Same, ...]:
    pairs = product(_USERS, _MESSAGES)
    return tuple(Same((f"{one} {text}", f"{other} {text}")) for (one, other), text in pairs)


def _links() -> tuple[Same, ...]:
    return tuple(Same((text, f"{text} {link}")) for text, link in product(_MESSAGES, _LINKS))


CHECKS: tuple[Check, ...] = (
    Check("negation_flips_praise", ExpectationKind.DIRECTION, _negated_praise()),
    Check("added_opinions_count", ExpectationKind.DIRECTION, _added_opinions()),
    Check("people_do_not_matter", ExpectationKind.INVARIANCE, swapped_names(_OPINIONS_WITH_PEOPLE, _PEOPLE)),
    Check("brands_do_not_matter", ExpectationKind.INVARIANCE, swapped_names(_OPINIONS_ON_BRANDS, _BRANDS)),
    Check("places_do_not_matter", ExpectationKind.INVARIANCE, swapped_names(_OPINIONS_ON_PLACES, _PLACES)),
    Check("user_names_do_not_matter", ExpectationKind.INVARIANCE, _user_names()),
    Check("links_do_not_matter", ExpectationKind.INVARIANCE, _links()),
    Check("typos_do_not_matter", ExpectationKind.INVARIANCE, tuple(Same(pair) for pair in _TYPOS)),
    Check(
        "praise_stays_praise",
        ExpectationKind.MINIMUM_FUNCTIONALITY,
        tuple(Says(text, POSITIVE) for text in _PRAISE),
    ),
    Check(
        "complaints_stay_complaints",
        ExpectationKind.MINIMUM_FUNCTIONALITY,
        tuple(Says(text, NEGATIVE) for text in _COMPLAINTS),
    ),
    Check(
        "neutral_stays_neutral",
        ExpectationKind.MINIMUM_FUNCTIONALITY,
        tuple(Says(text, NEUTRAL) for text in _NEUTRAL_TEXTS),
    ),
)
"""What the gate compares."""
