"""Whether a PDF is only paper: nothing in it runs, sends, opens or carries files.

We look for the names by which a PDF acts (ISO 32000-1, 12.6.4 and 7.11.4), wherever
they may stand: anywhere in the file, written with #xx for their letters, or packed
into an object stream. What we cannot look into is refused. Every step is linear in
the size of the file, however it was made.
"""

import re
import zlib

_ACTS = re.compile(
    rb"/(?:JavaScript|Launch|EmbeddedFiles?|RichMedia|GoTo[ER]|ImportData"
    rb"|SubmitForm|XFA|Movie|Rendition)\b"
)
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_STREAM = re.compile(rb"(?<!end)stream\r?\n")
_FILTER = re.compile(rb"/(?:Filter|F)\s*(\[[^\]]*\]|/\w+)")
_OBJECT_STREAM = b"/ObjStm"
# A paper of ten megabytes has a few thousand streams, and short dictionaries.
_MOST_STREAMS = 50_000
_DICTIONARY = 2_048
_MOST_OBJECTS = 32 * 1024 * 1024
_AT_ONCE = 64 * 1024


def is_plain(data: bytes) -> bool:
    """Whether nothing in the PDF acts and nothing is hidden from this look."""
    told = _named(data)
    if _ACTS.search(told):
        return False
    hidden = told.count(_OBJECT_STREAM)
    if not hidden:
        return True
    if b"/Encrypt" in told:
        return False
    room, begun = _MOST_OBJECTS, set()
    for count, stream in enumerate(_STREAM.finditer(data)):
        begins = _begins(data, stream.start())
        words = _named(data[begins : stream.start()])
        if count >= _MOST_STREAMS:
            return False
        if begins < 0 or _OBJECT_STREAM not in words:
            continue
        objects = _objects(data, stream.end(), words, room)
        if objects is None or _ACTS.search(_named(objects)):
            return False
        room -= len(objects)
        if begins not in begun:
            begun.add(begins)
            hidden -= words.count(_OBJECT_STREAM)
    # One that we did not come upon is one that we did not look into.
    return hidden == 0


def _named(data: bytes) -> bytes:
    """With names as they are meant: /J#61vaScript is /JavaScript."""
    if b"#" not in data:
        return data
    return _ESCAPED.sub(lambda found: bytes.fromhex(found[1].decode()), data)


def _begins(data: bytes, end: int) -> int:
    """Where the object of the stream at `end` begins; -1 where that is far away."""
    return data.rfind(b"obj", max(0, end - _DICTIONARY), end)


def _objects(data: bytes, start: int, words: bytes, room: int) -> bytes | None:
    """The objects of an object stream; None where we cannot read all of them."""
    packing = _FILTER.search(words)
    if b"/DecodeParms" in words or b"/DP" in words:
        return None
    if packing is None:
        end = data.find(b"endstream", start)
        plain = 0 <= end - start <= room and not data.startswith(b"\x78", start)
        return data[start:end] if plain else None
    if packing[1].strip(b"[] \r\n\t") not in (b"/FlateDecode", b"/Fl"):
        return None
    unpacker, parts = zlib.decompressobj(), []
    view = memoryview(data)
    try:
        while not unpacker.eof and start < len(data):
            part = unpacker.decompress(view[start : start + _AT_ONCE], room + 1)
            start += _AT_ONCE
            room -= len(part)
            parts.append(part)
            if room < 0 or unpacker.unconsumed_tail:
                return None
    except zlib.error:
        return None
    return b"".join(parts) if unpacker.eof else None
