"""Other people's servers: which may be called, how a document is fetched within limits, and how many at once."""
