"""Programs of `ops/` as modules: they stand alone, and no package holds them."""

import importlib.util
from pathlib import Path
from typing import Any

OPS = Path(__file__).resolve().parents[2] / "ops"


def program(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, OPS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
