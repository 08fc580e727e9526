"""Plugins of every test: pytest wants them named at the root."""

pytest_plugins = ["pytester", "tests.engine_policy"]
