"""Objects that every request can reach, built once for each process."""
