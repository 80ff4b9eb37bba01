"""Model versions and their fetches: `/api/v1/models`."""
