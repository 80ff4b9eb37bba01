"""Deployment of versions: fetch, try, activate, follow, roll back."""
