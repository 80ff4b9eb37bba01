"""Users, sessions, API keys, passwords and login limits."""
