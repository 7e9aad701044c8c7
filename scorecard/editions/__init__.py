"""Editions: the whole record frozen once a day, chained and signed, so that anyone can check it."""
