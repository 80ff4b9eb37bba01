"""Backup and restore of an installation (docs/backup.md)."""
