"""Reviews of food sold by Amazon, with stars."""

from __future__ import annotations

from opinionlens.datasets.card import Card, Columns, CommercialUse, Genre, Layout, UserFile
from opinionlens.text.labels import Label

CARD = Card(
    name="amazon_food",
    title="Amazon Fine Food Reviews",
    source_url="https://snap.stanford.edu/data/web-FineFoods.html",
    licence="CC0 (Kaggle edition)",
    commercial_use=CommercialUse.ALLOWED,
    terms="Its publisher on Kaggle has given up all rights: any use. The original page (SNAP) names none.",
    citation="McAuley and Leskovec: From Amateurs to Connoisseurs: Modeling the Evolution of User Expertise "
    "through Online Reviews, WWW 2013, pages 897-908.",
    how_to_get="Download `Amazon Fine Food Reviews` from Kaggle (snap/amazon-fine-food-reviews) and put its "
    "`Reviews.csv` there.",
    origin=UserFile(),
    layout=Layout.TABLE,
    path="Amazon Food Reviews/Reviews.csv",
    columns=Columns(text="Text", label="Score", group="UserId", time="Time"),
    # Three stars are a middling opinion.
    labels={
        "1": Label.NEGATIVE,
        "2": Label.NEGATIVE,
        "3": Label.NEUTRAL,
        "4": Label.POSITIVE,
        "5": Label.POSITIVE,
    },
    time_formats=("%s",),
    genre=Genre.FOOD_REVIEWS,
    language="English",
    domain="food and drink sold by one online shop, reviewed by its buyers",
    dates="October 1999 to October 2012",
    published_split="none; split here",
    caveats=(
        "Stars are the writer's own rating, not an annotator's; four of five reviews are positive.",
        "The same review is posted under several products; the summary line is not used.",
    ),
)
