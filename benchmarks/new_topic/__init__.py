"""A new topic in the traffic of the running stack, from the alert to the version that knows it."""
