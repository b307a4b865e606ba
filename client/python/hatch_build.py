"""Puts the descriptor set of proto/kriged.proto into the package.

In a checkout it is compiled here by protoc, which the daemon's build needs as
well. A source distribution carries the compiled file.
"""
from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class DescriptorHook(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            target = Path(self.root, "krige", "kriged.desc")
        else:
            self.folder = tempfile.mkdtemp(prefix="krige-build-")
            target = Path(self.folder, "kriged.desc")
        checkout = Path(self.root).parent.parent
        if Path(checkout, "proto", "kriged.proto").exists():
            compile_descriptor(checkout, target)
        else:
            target = Path(self.root, "krige", "kriged.desc")
        if version != "editable":
            build_data["force_include"][str(target)] = "krige/kriged.desc"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if version != "editable":
            shutil.rmtree(self.folder)


def compile_descriptor(checkout: Path, target: Path) -> None:
    try:
        subprocess.run(
            ["protoc", f"-I{checkout}", "--include_imports", f"--descriptor_set_out={target}",
             str(Path(checkout, "proto", "kriged.proto"))], check=True)
    except FileNotFoundError:
        raise SystemExit("protoc is needed to build krige from a checkout: "
                         "apt-get install protobuf-compiler, or ./dev build") from None
