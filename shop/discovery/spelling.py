"""Slips of the finger: which known tokens a mistyped one may have meant.

By symmetric deletion (SymSpell, Garbe 2012): two words within one edit of each other
share a word that both become by leaving out at most one letter. So a look-up is an
index search and not a walk over all words.
"""

SHORTEST = 4
LONG = 9


def slips_allowed(word: str) -> int:
    """How many letters may differ: none in short words, two in long ones."""
    if len(word) < SHORTEST:
        return 0
    return 2 if len(word) >= LONG else 1


def shortened(word: str, times: int = 1) -> set[str]:
    """The word and all that is left of it after leaving out up to `times` letters."""
    found = {word}
    edge = {word}
    for _time in range(times):
        edge = {w[:i] + w[i + 1 :] for w in edge for i in range(len(w))}
        found |= edge
    return found


def distance(left: str, right: str, *, most: int) -> int:
    """Letters added, left out, replaced or swapped with a neighbour; `most` + 1
    where there are more. Source: optimal string alignment distance."""
    if abs(len(left) - len(right)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        previous, before, row = before, row, [i]
        for j, b in enumerate(right, 1):
            cost = 0 if a == b else 1
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + cost)
            swapped = i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b
            if swapped:
                best = min(best, previous[j - 2] + 1)
            row.append(best)
        if min(row) > most:
            return most + 1
    return row[-1]
