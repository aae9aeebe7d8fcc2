"""A worker that is told to end does, whenever that is."""

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import signal, sys, threading, time
from pathlib import Path
from agent.app import App
from agent.host.simulated import SimulatedNode
from agent.settings import load

app = App(load(simulate=True, state_dir=Path(sys.argv[1]), node_name="box"), SimulatedNode("box"))

def tell():
    while app._worker is None:
        time.sleep(0.05)
    time.sleep(1)  # by then it waits
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

threading.Thread(target=tell, name="voxnix-test", daemon=True).start()
app.run_worker()
app.close()
print("ended")
"""


def test_a_worker_ends_whichever_of_its_threads_is_told(tmp_path: Path) -> None:
    """The kernel may give a signal to any of them, and only the first one can act on it."""
    argv = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "ended\n", done.stderr
