"""Kind `linear`: n-gram weights, lexicon values and the general expert."""
