"""OpinionLens beside other servers of the same model: one load, one machine, in turns.

`python -m benchmarks.serving` runs it; `docs/benchmarks.md` says what came out.
"""
