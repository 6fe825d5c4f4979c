"""The one place where a file from outside is judged and kept.

Pictures are decoded and written anew as WebP in three widths: whatever was hidden
in the upload (EXIF with a farm's position, a program behind the picture) is not in
what we keep. Documents are told by their content, never by their name.

Public files go under MEDIA_ROOT. Private ones (receipts, photos of people) go under
PRIVATE_ROOT, which no web server maps: a view hands them out after asking who asks.
"""

import hashlib
import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, TypeAlias, Union

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage, storages
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from partners import plain_pdf
from partners.whole_files import WholeFiles

log = logging.getLogger(__name__)

IMAGE_BYTES_LIMIT = 12 * 1024 * 1024
IMAGE_PIXELS_LIMIT = 50_000_000
IMAGE_SIDE_LIMIT = 16_000  # WebP ends at 16,383
DOCUMENT_BYTES_LIMIT = 10 * 1024 * 1024
WIDTHS = (320, 800, 1600)
_READ_FORMATS = ("JPEG", "PNG", "WEBP")

# File takes no parameter when it runs, and needs one when it is checked.
Upload: TypeAlias = Union["File[bytes]", IO[bytes]]


class UnableToStore(Exception):
    """The file is not what it should be; the message tells its sender what to do."""


@dataclass(frozen=True)
class Variant:
    """One width of a kept picture; `name` is its name in the storage."""

    name: str
    width: int
    height: int


@dataclass(frozen=True)
class StoredImage:
    """A kept picture, small, medium and large (320, 800, 1600 pixels or less)."""

    small: Variant
    medium: Variant
    large: Variant
    sha256: str
    private: bool = False

    @property
    def variants(self) -> tuple[Variant, Variant, Variant]:
        return self.small, self.medium, self.large

    def url(self, size: str = "medium") -> str:
        """The public address of `size` (small, medium, large)."""
        variant: Variant = getattr(self, size)
        return public_storage().url(variant.name)

    def srcset(self) -> str:
        """For an img's srcset: each width once."""
        by_width = {v.width: v.name for v in self.variants}
        return ", ".join(
            f"{public_storage().url(name)} {width}w"
            for width, name in sorted(by_width.items())
        )

    def as_json(self) -> dict[str, Any]:
        """What a JSONField keeps; `StoredImage.from_json` reads it back."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "StoredImage":
        sizes = {s: Variant(**data[s]) for s in ("small", "medium", "large")}
        return cls(
            **sizes, sha256=data["sha256"], private=bool(data.get("private", False))
        )


@dataclass(frozen=True)
class CheckedDocument:
    """What a document is by its content; `sha256` is of its bytes, hexadecimal."""

    content_type: str
    extension: str
    size: int
    sha256: str


@dataclass(frozen=True)
class StoredDocument:
    """A kept document; `name` is its name in the storage."""

    name: str
    content_type: str
    size: int
    sha256: str


class PrivateFiles(WholeFiles):
    """Local files that have no address: only a view can hand them out."""

    @property
    def base_location(self) -> str:
        return str(settings.PRIVATE_ROOT)

    @property
    def location(self) -> str:
        return str(Path(self.base_location).resolve())

    def url(self, name: str | None) -> str:
        raise ValueError("private files have no address")


def public_storage() -> Storage:
    """Where everybody may read."""
    return storages["default"]


def private_storage() -> Storage:
    """Where only views read, after asking for permission."""
    if "private" in settings.STORAGES:
        return storages["private"]
    return PrivateFiles()


def read_limited(file: Upload, *, limit: int) -> bytes:
    """The file's bytes from its beginning.

    Errors: UnableToStore where it is empty or larger than `limit` bytes.
    """
    file.seek(0)
    data: bytes = file.read(limit + 1)
    if not data:
        raise UnableToStore(_("The file is empty. Choose it again."))
    if len(data) > limit:
        raise UnableToStore(
            _("The file is larger than %(limit)s MB. Make it smaller and try again.")
            % {"limit": limit // (1024 * 1024)}
        )
    return data


def store_image(
    file: Upload, *, folder: str, private: bool = False, shortest_px: int = 0
) -> StoredImage:
    """Check a picture and keep it as WebP in three widths, without its metadata.

    Takes JPEG, PNG and WebP of at most 12 MB and 50 million pixels. The same picture
    in the same folder is kept once. `folder` is ours, such as "evidence/2026-11".
    Where people will look at it, `shortest_px` is what its shorter side must have.

    Errors: UnableToStore, in the sender's words.
    """
    data = read_limited(file, limit=IMAGE_BYTES_LIMIT)
    digest = hashlib.sha256(data).hexdigest()
    upright = _upright(_decoded(data))
    if min(upright.size) < shortest_px:
        raise UnableToStore(
            _("This picture is too small: its shorter side must have %(px)s pixels.")
            % {"px": shortest_px}
        )
    storage = private_storage() if private else public_storage()
    stem = _stem(folder, digest)
    small, medium, large = (
        _keep_variant(upright, width, storage, stem) for width in WIDTHS
    )
    return StoredImage(small, medium, large, sha256=digest, private=private)


def check_document(
    file: Upload, *, limit: int = DOCUMENT_BYTES_LIMIT
) -> CheckedDocument:
    """Tell a PDF or a picture by its content; everything else is refused.

    Errors: UnableToStore, in the sender's words.
    """
    data = read_limited(file, limit=limit)
    digest = hashlib.sha256(data).hexdigest()
    if data.startswith(b"%PDF-"):
        _require_plain_pdf(data)
        return CheckedDocument("application/pdf", "pdf", len(data), digest)
    kind = _decoded(data).format or ""
    extension = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}[kind]
    return CheckedDocument(f"image/{kind.lower()}", extension, len(data), digest)


def store_document(
    file: Upload, *, folder: str, private: bool = True
) -> StoredDocument:
    """Check a PDF or a picture of a paper and keep it; pictures as one large WebP.

    Errors: UnableToStore, in the sender's words.
    """
    found = check_document(file)
    storage = private_storage() if private else public_storage()
    stem = _stem(folder, found.sha256)
    file.seek(0)
    data: bytes = file.read()
    if found.extension != "pdf":
        paper = _keep_variant(_upright(_decoded(data)), WIDTHS[-1], storage, stem)
        with storing():
            size = storage.size(paper.name)
        return StoredDocument(paper.name, "image/webp", size, found.sha256)
    name = _keep(storage, f"{stem}.pdf", data)
    return StoredDocument(name, found.content_type, found.size, found.sha256)


@contextmanager
def storing() -> Iterator[None]:
    """What a disk or a store says against keeping a file, in its sender's words."""
    try:
        yield
    except OSError as error:
        log.exception("a file could not be kept")
        raise UnableToStore(
            _("The file could not be kept: our storage is full or away. Try later.")
        ) from error


def _stem(folder: str, digest: str) -> str:
    """Where a file with these bytes lies: the same file is kept once in a folder."""
    return f"{folder.strip('/')}/{digest[:2]}/{digest[2:26]}"


def _not_a_picture() -> str:
    return _("This is not a picture. Choose a photo (JPEG, PNG or WebP).")


def _decoded(data: bytes) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(data), formats=_READ_FORMATS)
        too_many = picture.width * picture.height > IMAGE_PIXELS_LIMIT
        if too_many or max(picture.size) > IMAGE_SIDE_LIMIT:
            raise UnableToStore(_("The picture has too many pixels. Take it smaller."))
        picture.load()
    except UnableToStore:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UnableToStore(
            _("The picture has too many pixels. Take it smaller.")
        ) from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise UnableToStore(_not_a_picture()) from error
    return picture


def _upright(picture: Image.Image) -> Image.Image:
    """As it was meant to be seen, on white. Errors: UnableToStore."""
    try:
        upright = (ImageOps.exif_transpose(picture) or picture).convert("RGBA")
    except (OSError, ValueError, SyntaxError, KeyError) as error:
        raise UnableToStore(_not_a_picture()) from error
    flat = Image.new("RGB", upright.size, "white")
    flat.paste(upright, mask=upright.getchannel("A"))
    return flat


def _keep_variant(
    upright: Image.Image, width: int, storage: Storage, stem: str
) -> Variant:
    size = upright.size
    if upright.width > width:
        size = (width, max(1, round(upright.height * width / upright.width)))
    name = f"{stem}-{width}.webp"
    with storing():
        if storage.exists(name):
            return Variant(name, *size)
    scaled = upright
    if size != upright.size:
        scaled = upright.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    out = io.BytesIO()
    # Method 2 takes half the time of the default for a few percent more bytes.
    scaled.save(out, "WEBP", quality=82, method=2)
    name = _keep(storage, name, out.getvalue())
    return Variant(name, *size)


def _keep(storage: Storage, name: str, data: bytes) -> str:
    """Save bytes under a name that follows from them. Errors: UnableToStore."""
    with storing():
        if storage.exists(name):
            return name
        return storage.save(name, ContentFile(data))


def _require_plain_pdf(data: bytes) -> None:
    if b"%%EOF" not in data[-2048:]:
        raise UnableToStore(_("The PDF is not complete. Export it again."))
    if b"PK\x05\x06" in data[-66000:] or not plain_pdf.is_plain(data):
        raise UnableToStore(
            _("The PDF carries programs or other files. Print it to a plain PDF first.")
        )


def safe_name(name: str) -> str:
    """An upload's own name for showing: no folders, no control signs, 80 at most."""
    plain = Path(name.replace("\\", "/")).name
    return "".join(sign for sign in plain if sign.isprintable())[-80:] or "file"
