"""Which node it is: the machine, or a simulation of one."""

from agent.host.node import LocalNode, Node
from agent.settings import Settings


def node_of(settings: Settings) -> Node:
    """The node that the settings ask for."""
    if not settings.simulate:
        return LocalNode(settings.node_name)
    from agent.host.simulated import SimulatedNode  # noqa: PLC0415 - who has a machine does without

    return SimulatedNode(
        settings.node_name,
        pool=settings.pool,
        bridge=settings.bridge,
        state=settings.state_folder / "node.json",
    )
