"""What a buyer has typed at the checkout so far, as it goes into a draft and back."""

import json
from dataclasses import asdict, dataclass, field
from typing import Self


@dataclass(frozen=True)
class Typed:
    """One checkout: the pasted line, the form's fields, and how far it has come.

    `unsure` names fields that were read on weak grounds, `beyond` a place we send
    nothing to. `sent`: the buyer has tried to pay, so that every error is shown;
    `repriced`: the total changed after the buyer saw another one.
    """

    pasted: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    unsure: tuple[str, ...] = ()
    beyond: str = ""
    sent: bool = False
    repriced: bool = False

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        stored = json.loads(text)
        return cls(**stored | {"unsure": tuple(stored["unsure"])})
