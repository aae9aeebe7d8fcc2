# `just` without a name runs the checks and the tests.

@default: test

# Set up and pass everything; arguments go to pytest.
test *ARGS:
    scripts/test {{ARGS}}

# Talk to a throw-away appliance.
try *ARGS:
    scripts/try {{ARGS}}

# The throw-away appliance by itself: up, run CMD…, shell, status, down.
box *ARGS:
    scripts/box {{ARGS}}

# Pin the dependencies anew, with hashes and without any index's address.
lock:
    uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q pyproject.toml -o requirements.lock
    uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q pyproject.toml --extra speech --group dev -c requirements.lock -o requirements-dev.lock
    scripts/wheelhouse

# Bring the catalogues of the fixed texts up to date; what is new is then translated by hand.
messages:
    . scripts/setup && "$VENV_PYTHON" -m scripts.messages

# Build what the appliance is made of: needs Nix and a network.
appliance-check:
    nix build --no-link --print-build-logs .#checks.x86_64-linux.package .#checks.x86_64-linux.cases .#checks.x86_64-linux.appliance

# Install an appliance on a machine that answers ssh as root at ADDRESS. Its disks are erased; it asks first.
provision HOST ADDRESS:
    scripts/deploy/provision {{HOST}} {{ADDRESS}}

# Update an appliance. It goes back by itself if the new generation does not work.
deploy HOST:
    scripts/deploy/deploy {{HOST}}

# Follow what Voxnix says on an appliance; arguments go to journalctl.
logs HOST *ARGS:
    scripts/deploy/logs {{HOST}} {{ARGS}}

# Edit a secret of an appliance: voxnix or tailscale.
secrets-edit HOST NAME="voxnix":
    scripts/deploy/secrets edit {{HOST}} {{NAME}}

# Encrypt the secrets anew, for who is in nix/secrets.nix now.
secrets-rekey:
    scripts/deploy/secrets rekey

# Measure what has a limit: one of them inside a box.
bench:
    . scripts/setup && "$VENV_PYTHON" benchmarks/listing.py && "$VENV_PYTHON" -m benchmarks.workloads && "$VENV_PYTHON" -m benchmarks.turn && "$VENV_PYTHON" -m benchmarks.overhead && "$VENV_PYTHON" -m benchmarks.chats
    scripts/box up --name bench
    scripts/box run --name bench sh -c 'cd /opt/voxnix/src && /opt/voxnix/venv/bin/python -m benchmarks.second_create && /opt/voxnix/venv/bin/python -m benchmarks.hot_create && /opt/voxnix/venv/bin/python -m benchmarks.trash'
    scripts/box down --name bench

# Kill the bot again and again while people write, and count what came of it.
storm *ARGS:
    . scripts/setup && "$VENV_PYTHON" -m tests.telegram.storm {{ARGS}}

# Have a worker die in the midst of operations, at the ends of each step or (--every) everywhere, and count what came of it.
faults *ARGS:
    . scripts/setup && "$VENV_PYTHON" -m tests.faults {{ARGS}}

# Have many people use a node for hours of its time, whose worker keeps dying, and look for what is lost.
soak *ARGS:
    . scripts/setup && "$VENV_PYTHON" -m tests.faults.soak {{ARGS}}

# Measure the evaluation of a guest: wants nix, and a tree of nixpkgs in VOXNIX_TEST_NIXPKGS.
bench-evaluation:
    . scripts/setup && "$VENV_PYTHON" -m benchmarks.cold_evaluation

# Make the README's pictures anew from a real run.
picture:
    scripts/picture
