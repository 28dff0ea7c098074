"""Gives tests the `simulation` factory; see tests/simulation.py."""

import importlib.util
import sys
from pathlib import Path

import pytest


def _load():
    name = "lumen_test_simulation"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).parents[1] / "simulation.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


@pytest.fixture(params=["eager", "fifo"])
def mode(request):
    return request.param


@pytest.fixture
def sim(mode):
    return _load().Simulation(mode)


@pytest.fixture(scope="session")
def simulation():
    return _load().Simulation


@pytest.fixture(scope="session")
def deadlock():
    return _load().Deadlock
