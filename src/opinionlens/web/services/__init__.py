"""Collaborators of all requests, built once per process."""
