"""Models in memory: cache, store and predictor.

The registry knows all versions; the cache keeps copies that outlive it; the store holds the one classifier in
memory that answers; the predictor decides which work runs on the event loop and which in threads.
"""
