"""Tweets to airlines of the United States."""

from __future__ import annotations

from opinionlens.datasets.card import Card, Columns, CommercialUse, Genre, Layout, UserFile
from opinionlens.text.labels import Label

CARD = Card(
    name="airline_tweets",
    title="Twitter US Airline Sentiment",
    source_url="https://www.kaggle.com/datasets/crowdflower/twitter-airline-sentiment",
    licence="CC BY-NC-SA 4.0",
    commercial_use=CommercialUse.FORBIDDEN,
    terms="Name the source, share changed copies under the same licence, and no commercial use.",
    citation="CrowdFlower (later Figure Eight): Twitter US Airline Sentiment, Data for Everyone, 2015.",
    how_to_get="Download `Twitter US Airline Sentiment` from Kaggle (crowdflower/twitter-airline-sentiment) "
    "and put its `Tweets.csv` there.",
    origin=UserFile(),
    layout=Layout.TABLE,
    path="Airline Tweets/Tweets.csv",
    columns=Columns(text="text", label="airline_sentiment", time="tweet_created"),
    labels={"negative": Label.NEGATIVE, "neutral": Label.NEUTRAL, "positive": Label.POSITIVE},
    time_formats=("%d-%m-%Y %H.%M", "%Y-%m-%d %H:%M:%S %z"),
    genre=Genre.BRAND_TWEETS,
    language="English",
    domain="six airlines of the United States: delays, luggage, bookings, staff",
    dates="16 to 24 February 2015",
    published_split="none; split here",
    caveats=(
        "Mostly complaints: 63 % of its labels are negative.",
        "Copies that went through a spreadsheet have rounded tweet ids and times without a zone.",
        "Most of its texts are in `brand_tweets` as well, there without their authors. Authors are therefore "
        "not kept on one side of the split: for the shared texts that could not be upheld.",
    ),
)
