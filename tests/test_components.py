"""What holds for every hardware block."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from amaranth.lib import wiring

import boards
import lst_hw


def components() -> Iterator[type[wiring.Component]]:
    for package in (lst_hw, boards):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            if not module.ispkg:
                for each in vars(importlib.import_module(module.name)).values():
                    if isinstance(each, type) and issubclass(each, wiring.Component) and each.__module__ == module.name:
                        yield each


COMPONENTS = list(components())


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda each: each.__name__)
def test_the_docstring_states_latency_and_throughput(component: type[wiring.Component]) -> None:
    text = " ".join(str(each.__doc__) for each in component.__mro__ if each in COMPONENTS).lower()
    assert "combinational" in text or ("latency" in text and "throughput" in text)


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda each: each.__name__)
def test_the_docstring_lists_the_ports(component: type[wiring.Component]) -> None:
    text = " ".join(str(each.__doc__) for each in component.__mro__ if each in COMPONENTS)
    assert "Members\n" in text
