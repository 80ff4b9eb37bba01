"""The web application: a JSON API, pages, and their metrics."""
