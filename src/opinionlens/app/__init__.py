"""The address of the app in the older systems."""
