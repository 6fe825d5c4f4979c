"""QR codes with error correction M, as rows of bits."""

from typing import NamedTuple

from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode
from qrcode.util import QRData

QUIET_ZONE = 4  # modules of white around the symbol, ISO/IEC 18004


class Matrix(NamedTuple):
    """A symbol without its quiet zone: `side` modules, each row padded to bytes."""

    side: int
    rows: list[bytes]


def matrix(text: str) -> Matrix:
    """The symbol for a text, in the smallest version that holds it.

    Upper-case letters, digits and $%*+-./: take the dense alphanumeric mode.
    """
    symbol = QRCode(error_correction=ERROR_CORRECT_M, border=0)
    symbol.add_data(QRData(text))
    symbol.make(fit=True)
    modules = symbol.get_matrix()
    return Matrix(len(modules), [_packed(row) for row in modules])


def _packed(row: list[bool]) -> bytes:
    width = (len(row) + 7) // 8
    bits = "".join("1" if dark else "0" for dark in row).ljust(width * 8, "0")
    return int(bits, 2).to_bytes(width, "big")
