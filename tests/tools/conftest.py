"""The product to call tools of."""

from collections.abc import Iterator

import pytest

from tests.simulation import Simulation, simulation_in


@pytest.fixture(scope="module")
def simulation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulation]:
    """The product on a simulated node.

    Gone with its module: the engine draws random numbers, and Hypothesis in the next one would take them for
    a strategy's own.
    """
    with simulation_in(tmp_path_factory.mktemp("state")) as simulation:
        yield simulation
