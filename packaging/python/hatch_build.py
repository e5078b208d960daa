"""Puts a binary that is built already into the wheel, as the script dot, and names its system."""

import os

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BinaryHook(BuildHookInterface):
    PLUGIN_NAME = "custom"

    def initialize(self, version, build_data):
        binary = os.environ["DOT_WHEEL_BINARY"]
        build_data["pure_python"] = False
        build_data["tag"] = "py3-none-" + os.environ["DOT_WHEEL_PLATFORM"]
        build_data["shared_scripts"][binary] = os.path.basename(binary)
