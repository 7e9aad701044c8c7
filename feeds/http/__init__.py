"""Other people's servers: which may be called, and how a page is fetched within limits."""
