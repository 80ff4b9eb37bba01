"""Common ground: errors, settings, logs, atomic files, URLs, threads."""
