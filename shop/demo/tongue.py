"""What the terminal is told in: Chinese, unless somebody asks for English.

Everything here is said before Django is there, and before its catalogues are made.
"""

import os
from collections.abc import Mapping


def terminal(*, lang: str = "", environ: Mapping[str, str] = os.environ) -> str:
    """The language of a terminal: "en" by `lang` or an English locale, else "zh-hans".

    LC_ALL wins over LC_MESSAGES, and that over LANG; C and POSIX say nothing.
    """
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    wished = lang or next((environ[name] for name in names if environ.get(name)), "")
    return "en" if wished.lower().split("_")[0].split(".")[0] == "en" else "zh-hans"


def say(chinese: str, english: str) -> str:
    """One of two wordings, as this terminal is told."""
    return english if terminal() == "en" else chinese
