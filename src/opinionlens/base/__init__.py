"""Ground for every package: errors, settings, logs, atomic files, URLs, threads."""
