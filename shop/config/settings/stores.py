"""Where uploads are kept: on this machine's disk, or in an S3-compatible store."""

from typing import Any
from urllib.parse import urlsplit

from . import env

# The bucket that everybody may read, and the address under which they do.
S3_BUCKET = env.text("XIANGJI_S3_BUCKET")
S3_PUBLIC_URL = env.text("XIANGJI_S3_PUBLIC_URL").rstrip("/")
# The one that nobody may read but us.
S3_PRIVATE_BUCKET = env.text("XIANGJI_S3_PRIVATE_BUCKET")
# https://oss-cn-shenzhen.aliyuncs.com, https://minio.county.example:9000, …
S3_ENDPOINT = env.text("XIANGJI_S3_ENDPOINT")
S3_REGION = env.text("XIANGJI_S3_REGION", "us-east-1")
S3_KEY_ID = env.text("XIANGJI_S3_KEY_ID")
S3_KEY_SECRET = env.text("XIANGJI_S3_KEY_SECRET")
# path or virtual: whether a bucket is in an address's path or in its host's name.
S3_ADDRESSING = env.text("XIANGJI_S3_ADDRESSING", "virtual")

_ON_DISK = {
    "default": {
        "BACKEND": "partners.whole_files.WholeFiles",
        # nginx, another user, hands them out; private files keep the settings' 0o640.
        "OPTIONS": {
            "file_permissions_mode": 0o644,
            "directory_permissions_mode": 0o755,
        },
    }
}


def uploads() -> dict[str, dict[str, Any]]:
    """The entries of STORAGES that hold uploads."""
    if not S3_BUCKET:
        return _ON_DISK
    for name, value in (
        ("XIANGJI_S3_PRIVATE_BUCKET", S3_PRIVATE_BUCKET),
        ("XIANGJI_S3_PUBLIC_URL", S3_PUBLIC_URL),
        ("XIANGJI_S3_ENDPOINT", S3_ENDPOINT),
        ("XIANGJI_S3_KEY_ID", S3_KEY_ID),
        ("XIANGJI_S3_KEY_SECRET", S3_KEY_SECRET),
    ):
        if not value:
            raise env.MissingSetting(f"Set {name}: XIANGJI_S3_BUCKET needs it.")
    if S3_PRIVATE_BUCKET == S3_BUCKET:
        raise env.MissingSetting("XIANGJI_S3_PRIVATE_BUCKET must be another bucket.")
    return buckets(
        public=S3_BUCKET,
        private=S3_PRIVATE_BUCKET,
        endpoint=S3_ENDPOINT,
        region=S3_REGION,
        account=(S3_KEY_ID, S3_KEY_SECRET),
        public_url=S3_PUBLIC_URL,
        addressing=S3_ADDRESSING,
    )


def buckets(
    *,
    public: str,
    private: str,
    endpoint: str,
    region: str,
    account: tuple[str, str],
    public_url: str,
    addressing: str,
) -> dict[str, dict[str, Any]]:
    """The same, of these two buckets."""
    from botocore.config import Config  # noqa: PLC0415  only who needs it loads it

    shared = {
        "endpoint_url": endpoint,
        "region_name": region,
        "access_key": account[0],
        "secret_key": account[1],
        "default_acl": None,
        "file_overwrite": False,
        "client_config": Config(
            signature_version="s3v4",
            # A page waits for these; who sends a file can send it again.
            connect_timeout=2,
            read_timeout=10,
            retries={"total_max_attempts": 2},
            s3={"addressing_style": addressing},
            # Newer checksums are not understood by every store.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    }
    at = urlsplit(public_url)
    return {
        "default": {
            "BACKEND": "partners.stores.PublicBucket",
            "OPTIONS": shared
            | {
                "bucket_name": public,
                "querystring_auth": False,
                "url_protocol": f"{at.scheme}:",
                "custom_domain": f"{at.netloc}{at.path}",
                # Names hold a hash of what they name.
                "object_parameters": {
                    "CacheControl": "public, max-age=31536000, immutable"
                },
            },
        },
        "private": {
            "BACKEND": "partners.stores.PrivateBucket",
            "OPTIONS": shared | {"bucket_name": private},
        },
    }


def with_pictures(policy: dict[str, Any]) -> dict[str, Any]:
    """The policy, letting pictures come from the store's public address."""
    if not S3_BUCKET:
        return policy
    at = urlsplit(S3_PUBLIC_URL)
    directives = policy["DIRECTIVES"]
    allowed = [*directives["img-src"], f"{at.scheme}://{at.netloc}"]
    return policy | {"DIRECTIVES": directives | {"img-src": allowed}}
