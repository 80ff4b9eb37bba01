"""What keeps a backup or a restore from being made."""


class BackupError(Exception):
    """A backup or restore that cannot be made, in words for an operator."""
