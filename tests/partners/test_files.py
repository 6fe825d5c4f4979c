"""Uploads: what is kept, and what is refused."""

import io
import zipfile
import zlib

import pytest
from django.core.files.base import ContentFile
from PIL import Image

from partners import files


@pytest.fixture(autouse=True)
def _own_folders(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.PRIVATE_ROOT = tmp_path / "private"


def picture(size=(2000, 1000), kind="JPEG", **options) -> ContentFile:
    out = io.BytesIO()
    Image.new("RGB", size, "orange").save(out, kind, **options)
    return ContentFile(out.getvalue(), "photo.jpg")


def pdf(inside: bytes = b"") -> ContentFile:
    return ContentFile(b"%PDF-1.4\n" + inside + b"\ntrailer\n%%EOF\n", "report.pdf")


class TestStoreImage:
    def test_keeps_three_widths_as_webp(self):
        kept = files.store_image(picture(), folder="tests")
        assert [v.width for v in kept.variants] == [320, 800, 1600]
        assert kept.large.height == 800
        with files.public_storage().open(kept.small.name) as file:
            assert Image.open(file).format == "WEBP"

    def test_does_not_enlarge(self):
        kept = files.store_image(picture((100, 50)), folder="tests")
        assert [v.width for v in kept.variants] == [100, 100, 100]

    def test_drops_where_the_photo_was_taken(self):
        exif = Image.Exif()
        exif[0x010E] = "Li's back yard"
        kept = files.store_image(picture(exif=exif), folder="tests")
        with files.public_storage().open(kept.large.name) as file:
            data = file.read()
        assert b"back yard" not in data
        assert not Image.open(io.BytesIO(data)).getexif()

    def test_drops_what_hides_behind_the_picture(self):
        disguised = ContentFile(picture().read() + b"<?php system($_GET['c']); ?>")
        kept = files.store_image(disguised, folder="tests")
        for variant in kept.variants:
            with files.public_storage().open(variant.name) as file:
                assert b"<?php" not in file.read()

    def test_turns_the_photo_upright(self):
        exif = Image.Exif()
        exif[0x0112] = 6
        kept = files.store_image(picture((200, 100), exif=exif), folder="tests")
        assert (kept.large.width, kept.large.height) == (100, 200)

    def test_keeps_the_same_picture_once(self):
        first = files.store_image(picture(), folder="tests")
        assert files.store_image(picture(), folder="tests") == first

    def test_private_pictures_have_no_public_copy(self, settings):
        kept = files.store_image(picture(), folder="tests", private=True)
        assert files.private_storage().exists(kept.large.name)
        assert not files.public_storage().exists(kept.large.name)

    def test_survives_a_round_trip_through_json(self):
        kept = files.store_image(picture(), folder="tests")
        assert files.StoredImage.from_json(kept.as_json()) == kept

    @pytest.mark.parametrize(
        "data",
        [b"MZ\x90\x00 a program", b"#!/bin/sh\nrm", b"<svg onload=x>", b"GIF89a", b""],
    )
    def test_refuses_programs_and_other_formats(self, data):
        with pytest.raises(files.UnableToStore):
            files.store_image(ContentFile(data, "photo.jpg"), folder="tests")

    def test_refuses_a_picture_that_unpacks_to_too_much(self, monkeypatch):
        monkeypatch.setattr(files, "IMAGE_PIXELS_LIMIT", 999)
        with pytest.raises(files.UnableToStore, match=r".+"):
            files.store_image(picture((100, 100)), folder="tests")

    def test_refuses_a_picture_that_is_endlessly_long(self):
        with pytest.raises(files.UnableToStore):
            files.store_image(picture((4, 17_000), "PNG"), folder="tests")

    @pytest.mark.parametrize("mode", ["L", "P", "CMYK", "I;16", "LA", "1"])
    def test_takes_every_way_of_keeping_colours(self, mode):
        out = io.BytesIO()
        kind = "JPEG" if mode == "CMYK" else "PNG"
        Image.new(mode, (40, 30)).save(out, kind)
        kept = files.store_image(ContentFile(out.getvalue()), folder="tests")
        assert kept.large.width == 40

    def test_refuses_a_picture_cut_short(self):
        data = picture().read()
        with pytest.raises(files.UnableToStore):
            files.store_image(ContentFile(data[: len(data) // 2]), folder="tests")


class TestCheckDocument:
    def test_tells_a_pdf_by_its_content(self):
        assert files.check_document(pdf()).content_type == "application/pdf"

    @pytest.mark.parametrize(
        "inside", [b"/JavaScript (app.alert)", b"/Launch", b"/EmbeddedFile"]
    )
    def test_refuses_a_pdf_that_acts(self, inside):
        with pytest.raises(files.UnableToStore):
            files.check_document(pdf(inside))

    def test_refuses_a_program_packed_into_an_object_stream(self):
        packed = zlib.compress(b"1 0 << /S /JavaScript /JS (app.alert) >>")
        inside = b"1 0 obj << /Type /ObjStm >>\nstream\n" + packed + b"endstream"
        with pytest.raises(files.UnableToStore):
            files.check_document(pdf(inside))

    def test_takes_letters_that_a_scan_holds_by_chance(self):
        inside = b"1 0 obj << /Subtype /Image >>\nstream\n\xff/JS \xd8endstream"
        assert files.check_document(pdf(inside)).extension == "pdf"

    def test_refuses_an_archive_behind_a_pdf(self):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("run.exe", b"MZ")
        with pytest.raises(files.UnableToStore):
            files.check_document(ContentFile(pdf().read() + out.getvalue() + b"%%EOF"))

    def test_refuses_a_pdf_cut_short(self):
        with pytest.raises(files.UnableToStore):
            files.check_document(ContentFile(b"%PDF-1.4 and then nothing"))

    def test_refuses_what_is_too_large(self):
        with pytest.raises(files.UnableToStore):
            files.check_document(pdf(b"x" * 200), limit=100)

    def test_stores_a_photographed_paper_as_webp(self):
        kept = files.store_document(picture(), folder="tests")
        assert kept.content_type == "image/webp"
        with files.private_storage().open(kept.name) as file:
            assert Image.open(file).size == (1600, 800)

    def test_stores_a_pdf_as_it_came(self):
        kept = files.store_document(pdf(), folder="tests")
        with files.private_storage().open(kept.name) as file:
            assert file.read() == pdf().read()


def test_shown_names_have_no_folders():
    assert files.safe_name("..\\..\\十月\x00报表.xlsx") == "十月报表.xlsx"
