"""Drift checks on real texts: false alarms, shifts seen, and how soon."""
