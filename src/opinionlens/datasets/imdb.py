"""Film reviews with a clear opinion."""

from __future__ import annotations

from opinionlens.datasets.card import Card, Columns, CommercialUse, Genre, Layout, UserFile
from opinionlens.text.labels import Label

CARD = Card(
    name="imdb",
    title="Large Movie Review Dataset (IMDB)",
    source_url="https://ai.stanford.edu/~amaas/data/sentiment/",
    licence="Published for research; no explicit licence",
    commercial_use=CommercialUse.NOT_STATED,
    terms="For research. Ask its authors before any other use.",
    citation="Maas, Daly, Pham, Huang, Ng and Potts: Learning Word Vectors for Sentiment Analysis, ACL 2011, "
    "pages 142-150.",
    how_to_get="Download `IMDB Dataset of 50K Movie Reviews` from Kaggle "
    "(lakshmi25npathi/imdb-dataset-of-50k-movie-reviews) and unpack it there.",
    origin=UserFile(),
    layout=Layout.TABLE,
    path="IMDB Dataset/IMDB Dataset.csv",
    columns=Columns(text="review", label="sentiment"),
    labels={"negative": Label.NEGATIVE, "positive": Label.POSITIVE},
    genre=Genre.FILM_REVIEWS,
    language="English",
    domain="films of all kinds, reviewed by visitors of a film site",
    dates="unknown; collected for a publication of 2011",
    published_split="two halves of 25,000 reviews, without a film in both; the single file does not mark "
    "them, and is split anew here",
    caveats=(
        "No neutral class: reviews of 5 and 6 stars were left out by its authors.",
        "HTML line breaks; long texts (about 230 words); a few hundred exact duplicates.",
    ),
)
