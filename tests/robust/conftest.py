from tests.cli.conftest import lumen

__all__ = ["lumen"]
