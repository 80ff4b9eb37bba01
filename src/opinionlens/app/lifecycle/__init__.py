"""From a registered version to the one that answers: fetching, trying, activating, following, rolling back.

The deployment row in the database decides what is active. Each process looks at it about twice a second and
brings that version into its memory; who changes the row loads the version first. What is below serving and
storage is joined here, because they are strangers.
"""
