"""Uploads in an S3-compatible store: a server that speaks it, on loopback."""

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from django.conf import settings as configured
from django.core.files.base import ContentFile
from django.http import Http404
from moto.server import ThreadedMotoServer
from PIL import Image

from partners import files, plain_pdf
from partners.files import (
    UnableToStore,
    private_storage,
    public_storage,
    store_document,
    store_image,
)
from partners.stores import StoreAway
from partners.views.downloads import stored
from shop.config.settings import stores
from shop.watching import parts

pytestmark = pytest.mark.once

ACCOUNT = ("test-only-id", "test-only-secret")
PUBLIC_URL = "https://files.market.example/pictures"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


class Buckets:
    """The two buckets, seen past the shop."""

    def __init__(self, endpoint: str) -> None:
        self.client = boto3.client(
            "s3",
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id=ACCOUNT[0],
            aws_secret_access_key=ACCOUNT[1],
        )
        for name in ("public", "private"):
            self.client.create_bucket(Bucket=name)
            for key in self.names(name):
                self.client.delete_object(Bucket=name, Key=key)

    def names(self, bucket: str) -> list[str]:
        found = self.client.list_objects_v2(Bucket=bucket)
        return [each["Key"] for each in found.get("Contents", [])]

    def content(self, name: str, bucket: str = "public") -> bytes:
        kept: bytes = self.client.get_object(Bucket=bucket, Key=name)["Body"].read()
        return kept


def entries(endpoint: str) -> dict[str, Any]:
    return stores.buckets(
        public="public",
        private="private",
        endpoint=endpoint,
        region="us-east-1",
        account=ACCOUNT,
        public_url=PUBLIC_URL,
        addressing="path",
    )


@pytest.fixture
def buckets(server: str, settings: Any) -> Buckets:
    settings.STORAGES = settings.STORAGES | entries(server)
    return Buckets(server)


@pytest.fixture
def away(settings: Any) -> None:
    """Nobody listens there."""
    settings.STORAGES = settings.STORAGES | entries("http://127.0.0.1:9")


def photo(color: str = "red") -> ContentFile:
    """A picture that tells where it was taken."""
    where = Image.Exif()
    where[0x010E] = "家门口 10012345678"
    out = io.BytesIO()
    Image.new("RGB", (900, 600), color).save(out, "JPEG", exif=where)
    return ContentFile(out.getvalue(), "photo.jpg")


class TestAPicture:
    def test_is_written_anew_in_three_widths_without_what_it_hid(self, buckets):
        image = store_image(photo(), folder="listings")
        assert sorted(buckets.names("public")) == sorted(
            {variant.name for variant in image.variants}
        )
        for variant in image.variants:
            content = buckets.content(variant.name)
            assert b"10012345678" not in content
            assert Image.open(io.BytesIO(content)).format == "WEBP"
        assert buckets.names("private") == []

    def test_of_which_the_upload_would_have_told(self):
        """The negative control."""
        assert b"10012345678" in photo().read()

    def test_is_kept_once(self, buckets):
        first = store_image(photo(), folder="listings")
        before = buckets.names("public")
        assert store_image(photo(), folder="listings") == first
        assert buckets.names("public") == before

    def test_has_the_public_address_without_a_key_in_it(self, buckets):
        image = store_image(photo(), folder="listings")
        assert image.url("small") == f"{PUBLIC_URL}/{image.small.name}"
        assert "Signature" not in image.srcset()

    def test_may_be_kept_for_ever_by_who_shows_it(self, buckets):
        name = store_image(photo(), folder="listings").small.name
        head = buckets.client.head_object(Bucket="public", Key=name)
        assert "immutable" in head["CacheControl"]
        assert head["ContentType"] == "image/webp"


class TestWhatIsPrivate:
    def test_lies_apart_and_has_no_address(self, buckets):
        image = store_image(photo(), folder="receipts", private=True)
        assert buckets.names("public") == []
        with pytest.raises(ValueError, match="no address"):
            private_storage().url(image.small.name)

    def test_is_handed_out_by_a_view(self, buckets):
        name = store_image(photo(), folder="receipts", private=True).small.name
        answer = stored(private_storage(), name, content_type="image/webp")
        content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
        assert content == buckets.content(name, "private")

    def test_what_is_gone_is_not_there(self, buckets):
        with pytest.raises(Http404):
            stored(private_storage(), "receipts/none", content_type="image/webp")


def test_a_document_is_kept_as_it_came(buckets):
    pdf = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
    if not plain_pdf.is_plain(pdf):
        pytest.skip("this PDF is not plain enough")
    kept = store_document(ContentFile(pdf, "a.pdf"), folder="reports")
    assert buckets.content(kept.name, "private") == pdf


class TestAStoreThatIsAway:
    @pytest.mark.parametrize("private", [True, False])
    def test_is_said_to_who_sends_a_file(self, away, private: bool, caplog):
        with pytest.raises(UnableToStore):
            store_image(photo(), folder="x", private=private)
        assert "a file could not be kept" in caplog.text
        assert "127.0.0.1" not in caplog.text
        assert ACCOUNT[0] not in caplog.text

    def test_is_said_to_who_wants_one(self, away):
        answer = stored(private_storage(), "receipts/a.webp", content_type="image/webp")
        assert answer.status_code == 503

    def test_is_not_ready(self, away):
        with pytest.raises(StoreAway):
            parts.files()

    def test_a_wrong_account_is_no_missing_file(self, server, settings, monkeypatch):
        """A refusal must not read as "there is none", or all would be sent anew."""
        from botocore.exceptions import ClientError

        settings.STORAGES = settings.STORAGES | entries(server)
        refused = ClientError(
            {"Error": {"Code": "403"}, "ResponseMetadata": {"HTTPStatusCode": 403}},
            "HeadObject",
        )

        def refuse(*_: Any, **__: Any) -> None:
            raise refused

        storage = public_storage()
        monkeypatch.setattr(storage.connection.meta.client, "head_object", refuse)
        with pytest.raises(StoreAway):
            storage.exists("listings/a.webp")

    def test_a_full_disk_is_said_as_well(self, settings, tmp_path, monkeypatch):
        settings.MEDIA_ROOT = tmp_path

        def full(*_: Any) -> str:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(type(public_storage()), "_save", full)
        with pytest.raises(UnableToStore):
            store_image(photo("blue"), folder="x")

    def test_without_the_translation_it_would_be_an_error_of_ours(
        self, away, monkeypatch
    ):
        """The negative control."""
        from contextlib import nullcontext

        monkeypatch.setattr(files, "storing", nullcontext)
        with pytest.raises(StoreAway):
            store_image(photo(), folder="x")


SAY = """
from shop.config.settings import local
for name in ("default", "private"):
    print(local.STORAGES.get(name, {}).get("BACKEND"))
print(local.CONTENT_SECURITY_POLICY["DIRECTIVES"]["img-src"])
"""

# As the units have it: nobody else may read what a process makes.
SAVE_BEHIND_A_MASK = """
import os
os.umask(0o077)
import django
django.setup()
from django.core.files.base import ContentFile
from partners.files import private_storage, public_storage
public_storage().save("lots/2026/a.webp", ContentFile(b"picture"))
private_storage().save("receipts/b.webp", ContentFile(b"receipt"))
"""


def said(tmp_path: Any, code: str = SAY, **variables: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=configured.ROOT,
        env={"PATH": os.environ["PATH"], "XIANGJI_VAR": str(tmp_path), **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


class TestSettings:
    every = {
        "XIANGJI_S3_BUCKET": "public",
        "XIANGJI_S3_PRIVATE_BUCKET": "private",
        "XIANGJI_S3_PUBLIC_URL": PUBLIC_URL,
        "XIANGJI_S3_ENDPOINT": "http://127.0.0.1:9",
        "XIANGJI_S3_KEY_ID": "x",
        "XIANGJI_S3_KEY_SECRET": "x",
    }

    def test_without_a_bucket_files_lie_on_the_disk(self, tmp_path):
        assert "WholeFiles\nNone" in said(tmp_path)

    def test_a_web_server_of_another_user_may_read_them_there(self, tmp_path):
        settings = {"DJANGO_SETTINGS_MODULE": "shop.config.settings.local"}
        assert said(tmp_path, code=SAVE_BEHIND_A_MASK, **settings) == ""
        public, private = tmp_path / "media", tmp_path / "private"
        (picture,), (receipt,) = public.rglob("*.webp"), private.rglob("*.webp")
        for folder in (public, picture.parent, picture.parent.parent):
            assert folder.stat().st_mode & 0o777 == 0o755
        assert picture.stat().st_mode & 0o777 == 0o644
        assert not receipt.stat().st_mode & 0o007
        assert not private.stat().st_mode & 0o077

    def test_with_buckets_pictures_may_come_from_there(self, tmp_path):
        told = said(tmp_path, **self.every)
        assert "partners.stores.PublicBucket\npartners.stores.PrivateBucket" in told
        assert "'https://files.market.example'" in told

    @pytest.mark.parametrize("name", sorted(set(every) - {"XIANGJI_S3_BUCKET"}))
    def test_what_is_missing_is_named(self, tmp_path, name: str):
        told = said(tmp_path, **(self.every | {name: ""}))
        assert told.strip().endswith(f"Set {name}: XIANGJI_S3_BUCKET needs it.")

    def test_one_bucket_for_both_is_refused(self, tmp_path):
        told = said(tmp_path, **(self.every | {"XIANGJI_S3_PRIVATE_BUCKET": "public"}))
        assert "must be another bucket" in told
