"""Read the environment, once, with errors that name what is missing."""

import json
import os
from pathlib import Path
from urllib.parse import unquote, urlsplit


class MissingSetting(SystemExit):
    """A setting that must come from the environment is not there."""


def text(name: str, default: str = "") -> str:
    """The variable's text, or `default` where it is unset or empty."""
    return os.environ.get(name, "") or default


def required(name: str, meaning: str) -> str:
    """The variable's text; stops the start with a sentence where it is missing."""
    value = os.environ.get(name, "")
    if not value:
        raise MissingSetting(f"Set {name} in the environment: {meaning}.")
    return value


def flag(name: str, default: bool = False) -> bool:
    """True for 1, true, yes or on."""
    value = os.environ.get(name, "")
    return value.lower() in {"1", "true", "yes", "on"} if value else default


def items(name: str, default: str = "") -> list[str]:
    """The variable's comma-separated parts."""
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def nodes(name: str, *, default_port: int) -> tuple[list[str], tuple[str, str]]:
    """The variable's comma-separated addresses, each with a port and without the
    account that one of them may name; and that account, (user, password)."""
    found: list[str] = []
    account = ("", "")
    for url in items(name):
        parts = urlsplit(url)
        try:
            port = parts.port or default_port
        except ValueError:
            port = 0
        if parts.scheme not in {"http", "https"} or not parts.hostname or not port:
            # Without the address itself: it may hold a password.
            raise MissingSetting(f"{name} must hold http(s)://host:port, by commas.")
        if parts.username and not account[0]:
            account = (unquote(parts.username), unquote(parts.password or ""))
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        found.append(f"{parts.scheme}://{host}:{port}{parts.path.rstrip('/')}")
    return found, account


def key_from(path: Path, meaning: str) -> str:
    """A key file's text; stops the start with a sentence where it cannot be read."""
    try:
        return path.read_text(encoding="ascii")
    except OSError as error:
        raise MissingSetting(f"Cannot read {path} ({meaning}): {error}.") from error


def existing(name: str, meaning: str) -> str:
    """The file that the variable names, or ""; stops the start where it is missing."""
    path = text(name)
    if path and not Path(path).is_file():
        raise MissingSetting(f"{path} ({name}, {meaning}) is no file.")
    return path


def table(name: str) -> dict[str, dict[str, str]]:
    """The JSON table in the file that the variable names; empty where it is unset."""
    path = os.environ.get(name, "")
    if not path:
        return {}
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise MissingSetting(f"Cannot read {path} ({name}): {error}.") from error
    if not isinstance(found, dict):
        raise MissingSetting(f"{path} ({name}) must hold a JSON object.")
    return found


def tell(name: str, value: str) -> None:
    """Say a setting to a library that only listens to the environment."""
    os.environ[name] = value
