"""What this process can serve: the cache of fetched versions, the store of what is active, the scorer.

The registry says what exists; the cache keeps copies that outlive it; the store holds the one classifier in
memory that answers; the scorer decides what runs on the event loop and what in threads.
"""
