"""A sentence as an assistant says it, read into a listing's terms."""

from shop.listings.sentence.reader import Question, Reading, read, read_among

__all__ = ["Question", "Reading", "read", "read_among"]
