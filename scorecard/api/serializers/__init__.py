"""The shapes of what the API takes and gives. Answers are plain values; these describe them, and tests hold
the answers to the description."""
