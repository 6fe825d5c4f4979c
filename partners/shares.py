"""How much of a profit is a household's, to the fen. No database here."""

from partners.measures import apportion


def share_fen(*, profit_fen: int, rate_bp: int, room_fen: int) -> int:
    """The contracted share of a profit: rounded half up, never above `room_fen`.

    `rate_bp` is in 1/10,000. A loss gives nothing. `room_fen` is what the month's
    cap still allows.
    """
    if profit_fen <= 0 or room_fen <= 0:
        return 0
    return min((profit_fen * rate_bp * 2 + 10_000) // 20_000, room_fen)


def fund(*, amount_fen: int, missing_fen: list[int]) -> list[int]:
    """Split money that came in among parts that still miss some.

    By what each part misses, not by its weight: so no later pay-in can take back a
    fen that an earlier one gave (Hamilton's Alabama paradox), and no part gets more
    than it misses.

    Errors: ValueError where more came in than is missing.
    """
    if amount_fen > sum(missing_fen):
        raise ValueError("more money than is missing")
    return apportion(amount_fen, missing_fen) if amount_fen else [0] * len(missing_fen)
