"""The command line: `python -m tools.services VERB`."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

import tools.services
from tools.services import together
from tools.services.processes import UnableToStart


def main() -> int:
    chosen = _parser().parse_args()
    try:
        return int(chosen.act(chosen))
    except UnableToStart as error:
        print(error, file=sys.stderr)
        return 1


def start(chosen: argparse.Namespace) -> int:
    settings = together.start(folder=chosen.folder)
    print(f"# Running; `make services-stop` ends them. Logs: {chosen.folder}/*/log")
    print(together.exports(settings))
    return 0


def stop(chosen: argparse.Namespace) -> int:
    ended = together.stop(folder=chosen.folder)
    print(f"Ended: {', '.join(ended) or 'nothing was running'}.")
    return 0


def env(chosen: argparse.Namespace) -> int:
    print(together.exports(together.environment(folder=chosen.folder)))
    return 0


def use(chosen: argparse.Namespace) -> int:
    return _run(chosen.command, together.environment(folder=chosen.folder))


def run(chosen: argparse.Namespace) -> int:
    with together.postgresql_alone(durable=chosen.durable) as settings:
        return _run(chosen.command, settings)


def _run(command: list[str], settings: dict[str, str]) -> int:
    words = command[1:] if command[:1] == ["--"] else command
    return subprocess.run(words, env=os.environ | settings, check=False).returncode


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.services",
        description=tools.services.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--folder", type=Path, default=together.FOLDER)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in (start, stop, env, use, run):
        verbs.add_parser(verb.__name__).set_defaults(act=verb)
    for name in ("use", "run"):
        verbs.choices[name].add_argument("command", nargs=argparse.REMAINDER)
    verbs.choices["run"].add_argument("--durable", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(main())
