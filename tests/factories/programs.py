"""Programs that stand alone, in no package, as modules: of `ops/` and elsewhere."""

import importlib.util
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
OPS, VERIFY = ROOT / "ops", ROOT / "docs" / "verify"


def program(name: str, folder: Path = OPS) -> Any:
    spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
