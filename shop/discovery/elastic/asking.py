"""A query of ours in Elasticsearch's language, and its answer in ours.

Nothing that people type is ever read as a language: tokens are values of `term`-like
queries, and `combined_fields` splits them at spaces and nowhere else.
"""

from hashlib import sha256
from typing import Any

from elasticsearch_dsl import A, Q, Search

from shop.discovery.elastic.schema import WEIGHTS
from shop.discovery.engine import DEEPEST, Facet, Hit, Page, Query
from shop.discovery.spelling import slips_allowed
from shop.discovery.tokens import Term, Tokens

# More than a county has townships, or a market categories.
MOST_FACETS = 500
MOST_COUNTED = 20_000
MOST_SPELLINGS = 8
_FIELDS = [f"{name}^{weight}" for name, weight in WEIGHTS.items()]
_ORDER: dict[str, tuple[Any, ...]] = {
    "best": ("sold_out", "_score", "-published_at", "-product_id"),
    "newest": ("sold_out", "-published_at", "-product_id"),
    "price": ("sold_out", "price_fen", "-product_id"),
}
Known = frozenset[str]


def products(query: Query, *, known: Known, near: bool = False) -> Search:
    """The search for a page of products.

    `known`: spelled words that some product's pinyin begins with, so that they are no
    slips. `near`: with some of the words.
    """
    terms = [_term(term, known) for term in query.tokens.terms]
    asked = Search()
    asked = asked.query(Q("bool", should=terms) if near else Q("bool", must=terms))
    here = _chosen("township", query.township)
    kind = _chosen("category", query.category)
    # Each facet is counted as if its own choice had not been made.
    asked.aggs.bucket("townships", "filter", kind).bucket("found", _names("township"))
    asked.aggs.bucket("categories", "filter", here).bucket("found", _names("category"))
    start = max(0, min(query.start, DEEPEST))
    return (
        asked.post_filter(Q("bool", filter=[here, kind]))
        .sort(*_ORDER.get(query.sort, _ORDER["best"]))
        .source(False)
        .extra(
            from_=start,
            size=query.size,
            track_total_hits=MOST_COUNTED,
            track_scores=True,
        )
    )


def spellings(tokens: Tokens) -> Search | None:
    """The search for which of the spelled words are no slips; None without any."""
    words = {term.spelled for term in tokens.terms if term.spelled}
    if not words:
        return None
    begins = {word: Q("prefix", spelled=word) for word in words}
    asked = Search().extra(size=0, track_total_hits=False)
    asked.aggs.bucket("known", "filters", filters=begins)
    return asked


def known_of(answer: dict[str, Any]) -> Known:
    """The words of `spellings` that are known."""
    buckets = answer["aggregations"]["known"]["buckets"]
    return frozenset(word for word, found in buckets.items() if found["doc_count"])


def page_of(answer: dict[str, Any], *, near: bool) -> Page:
    """The answer to `products`."""
    hits = [
        Hit(int(hit["_id"]), float(hit["_score"] or 0.0))
        for hit in answer["hits"]["hits"]
    ]
    total = int(answer["hits"]["total"]["value"])
    return Page(
        hits,
        total,
        _facets(answer, "townships"),
        _facets(answer, "categories"),
        near=near and total > 0,
    )


def preference(tokens: Tokens) -> str:
    """The same copy of the index for the same words: copies differ a little in how
    they score, and pages of one search must join."""
    return sha256(tokens.text.encode()).hexdigest()[:16]


def _term(term: Term, known: Known) -> Any:
    ways = [_group(group) for group in term.any_of]
    if term.spelled and term.spelled not in known:
        slip = {
            "value": term.spelled,
            "fuzziness": slips_allowed(term.spelled),
            "max_expansions": MOST_SPELLINGS,
            "transpositions": True,
            "boost": WEIGHTS["pinyin"],
        }
        ways.append(Q("fuzzy", spelled=slip))
    return ways[0] if len(ways) == 1 else Q("bool", should=ways)


def _group(group: tuple[str, ...]) -> Any:
    """All of these tokens, each of them in any field."""
    whole = [token for token in group if not token.endswith("*")]
    parts = [_begins(token[:-1]) for token in group if token.endswith("*")]
    if whole:
        parts.insert(0, _all(whole))
    return parts[0] if len(parts) == 1 else Q("bool", must=parts)


def _all(tokens: list[str]) -> Any:
    # Scored as if the fields were one text, as the embedded engine does.
    return Q("combined_fields", query=" ".join(tokens), fields=_FIELDS, operator="and")


def _begins(token: str) -> Any:
    """Any token that begins so; the better where it is the whole one."""
    beginnings = [
        Q("prefix", **{name: {"value": token, "boost": weight}})
        for name, weight in WEIGHTS.items()
    ]
    return Q("bool", should=[_all([token]), Q("dis_max", queries=beginnings)])


def _chosen(field: str, code: str) -> Any:
    return Q("term", **{field: code}) if code else Q("match_all")


def _names(field: str) -> Any:
    codes = A("terms", field=field, size=MOST_FACETS)
    codes.bucket("name", "terms", field=f"{field}_name", size=1)
    return codes


def _facets(answer: dict[str, Any], name: str) -> list[Facet]:
    found = answer["aggregations"][name]["found"]["buckets"]
    return [
        Facet(
            bucket["key"],
            next((each["key"] for each in bucket["name"]["buckets"]), ""),
            bucket["doc_count"],
        )
        for bucket in found
    ]
