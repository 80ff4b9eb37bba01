"""Taking addresses apart: who is meant, and what of them may be shown."""

import pytest

from opinionlens.base.urls import shown, web_origin


@pytest.mark.parametrize(
    ("uri", "origin"),
    [
        ("http://localhost", ("http", "localhost", 80)),
        ("HTTPS://Mlflow.Example.com./path?x#y", ("https", "mlflow.example.com", 443)),
        ("http://localhost:80@evil", ("http", "evil", 80)),
        ("http://localhost:80@evil:81/", ("http", "evil", 81)),
        ("http://ann:geheim@localhost:5000", ("http", "localhost", 5000)),
        ("http://[::1]:5000/", ("http", "::1", 5000)),
        ("http://localhost:99999", None),
        ("http://localhost:port", None),
        ("http://", None),
        ("http:///path", None),
        ("http://[::1", None),
        ("http://localhost\\@evil", None),
        ("http://local\thost", None),
        ("ftp://localhost", None),
        ("localhost:5000", None),
        ("", None),
    ],
)
def test_the_origin_is_where_a_request_would_go(uri, origin):
    assert web_origin(uri) == origin


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("http://ann:geheim@localhost:5000/x", "http://localhost:5000/x"),
        ("http://ann:ge@heim@localhost", "http://localhost"),
        ("postgresql://ann:ge/heim@db:5432/mlflow", "postgresql://db:5432/mlflow"),
        ("postgresql://ann:ge/he@im@db/mlflow", "postgresql://db/mlflow"),
        ("sqlite:///mlruns.db", "sqlite:///mlruns.db"),
    ],
)
def test_no_part_of_a_password_is_shown(uri, expected):
    assert shown(uri) == expected
