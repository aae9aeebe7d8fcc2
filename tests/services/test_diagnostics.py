import sys

from agent.app import App
from agent.host.simulated import Fault, SimulatedNode
from agent.host.simulated import node as simulated
from agent.services.diagnostics import PROGRAMS
from tests.services.conftest import made


def test_a_healthy_node_is_in_order(app: App) -> None:
    """Every check says yes, and what it saw."""
    made(app)
    findings = app.services.diagnostics.check()
    assert {finding.name for finding in findings if finding.ok} == {
        *("database", "worker", "programs", "pool", "bridge", "firewall", "modules", "model")
    }
    assert all(finding.detail for finding in findings)


def test_a_check_that_fails_is_a_finding(app: App, node: SimulatedNode) -> None:
    """The others are still made, and the person learns what to do."""
    node.faults.append(Fault("^zpool", stderr="cannot open 'tank': no such pool", times=None))
    node.faults.append(Fault("^nft", stderr="Error: No such file or directory", times=None))
    findings = {finding.name: finding for finding in app.services.diagnostics.check()}
    assert findings["pool"].ok is False
    assert "no such pool" in findings["pool"].detail
    assert findings["firewall"].ok is not True
    assert findings["database"].ok


def test_every_program_that_is_driven_is_looked_for() -> None:
    """The simulated node knows each command of the host layer; what no system lacks is left out."""
    driven = {*simulated.PROGRAMS, *simulated.STREAMS} - {"mkdir", "mv", "rm", sys.executable}
    assert driven <= set(PROGRAMS)
