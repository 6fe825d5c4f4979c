"""What `make demo` prints: where to go, and as whom."""

import unicodedata
from collections.abc import Sequence

from shop.demo.people import PASSWORD, logins
from shop.demo.tongue import say


def width(text: str) -> int:
    """How many cells a terminal gives the text; Chinese characters take two."""
    return sum(
        2 if unicodedata.east_asian_width(sign) in "WF" else 1
        for sign in text
        if not unicodedata.combining(sign)
    )


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Each row as a line, its columns under one another; the last one ragged."""
    columns = list(zip(*rows, strict=True))[:-1]
    widths = [max(map(width, column)) for column in columns]
    return [
        "  ".join(
            [
                *(
                    text + " " * (wide - width(text))
                    for text, wide in zip(row, widths, strict=False)
                ),
                row[-1],
            ]
        )
        for row in rows
    ]


def lines(*, port: int, own_gateway: bool) -> list[str]:
    """The short table: addresses, people, the password."""
    here = f"http://127.0.0.1:{port}"
    own = say("您自己的网关", "your own gateway")
    gateway = own if own_gateway else f"http://127.0.0.1:{port + 1}/"
    places = aligned(
        [
            ("乡集 市集 shop", f"{here}/"),
            ("帮扶公示 public board", f"{here}/board/"),
            ("短信 text messages", f"{here}/demo/outbox/"),
            ("支付沙箱 Alipay sandbox", gateway),
        ]
    )
    people = aligned(
        [(title, phone, f"{here}{path}") for title, phone, path in logins()]
    )
    rule = "─" * max(map(width, [*places, *people]))
    return [
        rule,
        *places,
        "",
        say(
            f"示例人员，密码都是 {PASSWORD}：",
            f"Demo people (示例), password {PASSWORD} for all:",
        ),
        *people,
        rule,
        say(
            "按 Ctrl-C 停止；make market-day 会把全程走一遍。",
            "Ctrl-C stops everything; make market-day runs one journey through it.",
        ),
    ]
