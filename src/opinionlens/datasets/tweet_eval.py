"""TweetEval's sentiment task, a public benchmark of tweets."""

from __future__ import annotations

from opinionlens.datasets.card import Card, Columns, CommercialUse, Genre, HubFiles, Layout
from opinionlens.text.labels import Label

CARD = Card(
    name="tweet_eval",
    title="TweetEval, sentiment",
    source_url="https://huggingface.co/datasets/cardiffnlp/tweet_eval",
    licence="Unknown; the tweets fall under the terms of Twitter (SemEval 2017 task 4)",
    commercial_use=CommercialUse.NOT_STATED,
    terms="For research; what else is allowed is up to the terms of Twitter (X).",
    citation="Barbieri, Camacho-Collados, Espinosa Anke and Neves: TweetEval, Findings of EMNLP 2020, pages "
    "1644-1650; Rosenthal, Farra and Nakov: SemEval-2017 Task 4, pages 502-518.",
    how_to_get="Install `huggingface_hub` and run the stage with a network, or put the files of its folder "
    "`sentiment` there: `train_text.txt` with `train_labels.txt` (and `val_`, `test_`), or Parquet files.",
    origin=HubFiles(
        repository="cardiffnlp/tweet_eval",
        revision="b3a375baf0f409c77e6bc7aa35102b7b3534f8be",
        files=tuple(f"sentiment/{split}-00000-of-00001.parquet" for split in ("train", "validation", "test")),
    ),
    layout=Layout.TWEET_EVAL,
    path="tweet_eval",
    columns=Columns(text="text", label="label"),
    labels={
        "0": Label.NEGATIVE,
        "1": Label.NEUTRAL,
        "2": Label.POSITIVE,
        "negative": Label.NEGATIVE,
        "neutral": Label.NEUTRAL,
        "positive": Label.POSITIVE,
    },
    genre=Genre.OTHER_TWEETS,
    language="English",
    domain="topics of the day: politics, sport, films, products, persons",
    dates="2013 to 2017, the years of the shared tasks that it is made of",
    published_split="45,615 for training, 2,000 for validation, 12,284 for testing; read as one and "
    "split anew here",
    caveats=(
        "User names are already `@user`.",
        "As its parts are mixed, scores on our test split are not comparable with published ones.",
    ),
)
