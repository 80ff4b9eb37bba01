"""Ten minutes of steady load on the whole stack while its parts die."""
