"""The product to call tools of."""

from collections.abc import Iterator

import pytest

from tests.simulation import Simulation, simulation_in


@pytest.fixture(scope="package")
def simulation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulation]:
    """The product on a simulated node."""
    with simulation_in(tmp_path_factory.mktemp("state")) as simulation:
        yield simulation
