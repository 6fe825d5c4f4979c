"""Elasticsearch: the server as Elastic builds it, with few modules, from Maven Central.

The archive is the one Elastic's own integration tests run on. It lacks what we do not
use (other analysers, scripts, re-indexing), and the root page: `GET /` answers 405, so
the cluster's health is what to ask. It comes without Java and needs 17 or newer.
"""

import base64
import hashlib
import os
import re
import shutil
import subprocess
import urllib.request
import zipfile
from collections.abc import Mapping
from pathlib import Path

from tools.services.processes import Server, UnableToStart, checked, give
from tools.services.programs import need

NAME = "elasticsearch"
VERSION = "8.19.3"
ARTIFACT = f"org.elasticsearch.distribution.integ-test-zip:elasticsearch:{VERSION}:zip"
SHA512 = (
    "fdff76ed667a361d2326088e345eff58344499e06bf636e42b6d8e89fbc18d8a"
    "aa94dd90ca500933f969c4cf92b9ad20391c0e5bf1fa119a7a3ae3adb49d6d4a"
)
OLDEST_JAVA = 17
HEAP_MB = 450
START_SECONDS = 240
SUPERUSER = "elastic"


def prepare(
    *,
    folder: Path,
    port: int,
    tree: Path,
    options: Mapping[str, str] | None = None,
    password: str = "",
    heap_mb: int = HEAP_MB,
) -> Server:
    """Write a node's configuration into `folder`, to be reached on `port`.

    `tree` is where `unpacked` put the program. Without `options` it is a cluster of
    one; with a `password` it answers nobody who does not know it.
    """
    java = need(java_home, what=f"Java {OLDEST_JAVA}", package="default-jre-headless")
    configuration = folder / "config"
    shutil.copytree(tree / "config", configuration)
    (folder / "tmp").mkdir()
    (configuration / "elasticsearch.yml").write_text(
        "".join(
            f'{name}: "{value}"\n'
            for name, value in {
                "cluster.name": "xiangji",
                "node.name": folder.name,
                "network.host": "127.0.0.1",
                "http.port": str(port),
                "path.data": str(folder / "data"),
                "path.logs": str(folder / "logs"),
                # A developer's full disk is no reason to refuse a test's index.
                "cluster.routing.allocation.disk.threshold_enabled": "false",
                "xpack.security.enabled": "true" if password else "false",
                **({"xpack.security.http.ssl.enabled": "false"} if password else {}),
                **(options or {"discovery.type": "single-node"}),
            }.items()
        ),
        encoding="utf-8",
    )
    (configuration / "jvm.options").write_text(_jvm(folder, heap_mb), encoding="utf-8")
    give(folder)
    environment = {
        "ES_JAVA_HOME": str(java),
        "ES_PATH_CONF": str(configuration),
        "ES_TMPDIR": str(folder / "tmp"),
    }
    if password:
        _keep_password(tree, folder, environment, password)
    url = f"http://127.0.0.1:{port}"
    word = f"{SUPERUSER}:{password}@" if password else ""
    return Server(
        name=NAME,
        command=["bash", str(tree / "bin" / "elasticsearch")],
        folder=folder,
        url=f"http://{word}127.0.0.1:{port}",
        answers=lambda: _answers(url, password),
        environment=environment,
        patience=START_SECONDS,
    )


def settings(url: str) -> dict[str, str]:
    """What the shop reads in its environment to use this server."""
    return {"ELASTICSEARCH_URL": url}


def unpacked(folder: Path) -> Path:
    """The program's tree under `folder`; fetched, checked and unpacked once.

    Errors: UnableToStart where it cannot be fetched or is not what we know.
    """
    tree = folder / f"elasticsearch-{VERSION}"
    if tree.is_dir():
        return tree
    archive = _fetched(folder)
    with archive.open("rb") as content:
        if hashlib.file_digest(content, "sha512").hexdigest() != SHA512:
            raise UnableToStart(f"{archive} is not the archive we know; remove it.")
    half = folder / "unpacking"
    shutil.rmtree(half, ignore_errors=True)
    with zipfile.ZipFile(archive) as content:
        content.extractall(half)
    give(half)
    (half / tree.name).rename(tree)
    shutil.rmtree(half)
    archive.unlink()
    return tree


def java_home() -> Path | None:
    """A Java that is new enough: one that is named, or the newest installed."""
    named = [os.environ.get(name, "") for name in ("ES_JAVA_HOME", "JAVA_HOME")]
    path = shutil.which("java")
    installed = sorted(Path("/usr/lib/jvm").glob("*/bin/java"), reverse=True)
    for program in (
        *(Path(home) / "bin" / "java" for home in named if home),
        *([Path(path).resolve()] if path else []),
        *installed,
    ):
        if _java_age(program) >= OLDEST_JAVA:
            return program.resolve().parents[1]
    return None


def _java_age(program: Path) -> int:
    try:
        told = subprocess.run(
            [program, "-version"], capture_output=True, text=True, check=True
        ).stderr
    except (OSError, subprocess.CalledProcessError):
        return 0
    version = re.search(r'version "(\d+)', told)
    return int(version[1]) if version else 0


def _fetched(folder: Path) -> Path:
    """The archive in `folder`: Maven takes it from its own store or from Central."""
    archive = folder / f"elasticsearch-{VERSION}.zip"
    if archive.is_file():
        return archive
    maven = need(lambda: shutil.which("mvn"), what="Maven", package="maven")
    print(f"  fetching Elasticsearch {VERSION} …", flush=True)
    done = subprocess.run(
        [
            *(maven, "-q", "-B", "dependency:copy"),
            *(f"-Dartifact={ARTIFACT}", f"-DoutputDirectory={folder}"),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    if done.returncode or not archive.is_file():
        raise UnableToStart(f"Maven could not fetch {ARTIFACT}:\n{done.stdout.strip()}")
    return archive


def _jvm(folder: Path, heap_mb: int) -> str:
    """Options for Java: little memory, and no file outside the node's own folder."""
    return (
        f"-Xms{heap_mb}m\n-Xmx{heap_mb}m\n-XX:+UseSerialGC\n"
        "-Djava.io.tmpdir=${ES_TMPDIR}\n-XX:+ExitOnOutOfMemoryError\n"
        f"-XX:ErrorFile={folder}/hs_err_pid%p.log\n"
        "20-:--add-modules=jdk.incubator.vector\n"
    )


def _keep_password(
    tree: Path, folder: Path, environment: Mapping[str, str], password: str
) -> None:
    """Put the first password into the node's key store, by way of its own folder."""
    keystore = str(tree / "bin" / "elasticsearch-keystore")
    word = folder / "password"
    word.touch(mode=0o600)
    word.write_text(password, encoding="ascii")
    give(word)
    checked(["bash", keystore, "create"], cwd=folder, environment=environment)
    add = f'exec bash "{keystore}" add -x bootstrap.password < "{word}"'
    checked(["bash", "-c", add], cwd=folder, environment=environment)


def _answers(url: str, password: str) -> bool:
    request = urllib.request.Request(f"{url}/_cluster/health")  # noqa: S310  ours
    if password:
        word = base64.b64encode(f"{SUPERUSER}:{password}".encode()).decode()
        request.add_header("Authorization", f"Basic {word}")
    try:
        urllib.request.urlopen(request, timeout=2).close()  # noqa: S310
    except OSError:
        return False
    return True
