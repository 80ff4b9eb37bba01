"""Who may do what: passwords, sessions, keys, and the guards that the routes ask."""
