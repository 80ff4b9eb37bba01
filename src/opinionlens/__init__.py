"""OpinionLens: self-hosted sentiment and online-reputation platform. Importing it does nothing."""
