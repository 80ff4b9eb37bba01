"""What the tests of several folders need: waiting, free ports, started programs, a real PostgreSQL."""
