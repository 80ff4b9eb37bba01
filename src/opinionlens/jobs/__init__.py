"""Jobs beside the app.

They need training libraries, and write their results to tables.
"""
