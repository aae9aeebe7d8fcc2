"""What people say aloud, and the calls that the phrasebook makes of it."""

MODULES = ("caddy", "code-server", "fish", "git", "node", "postgresql", "python", "redis", "rust")

PHRASES: tuple[tuple[str, str, dict[str, object]], ...] = (
    (
        "create a container called web with node and postgres",
        "create_container",
        {"name": "web", "modules": ["node", "postgresql"]},
    ),
    (
        "set up a dev container with rust and git",
        "create_container",
        {"name": "dev", "modules": ["rust", "git"]},
    ),
    ("list my containers", "list_containers", {}),
    ("what do I have", "list_containers", {}),
    ("how is web doing", "container_status", {"name": "web"}),
    ("is dev running", "container_status", {"name": "dev"}),
    ("start dev", "start_container", {"name": "dev"}),
    ("boot the web container", "start_container", {"name": "web"}),
    ("shut down web", "stop_container", {"name": "web"}),
    ("could you restart the database container", "restart_container", {"name": "database"}),
    ("destroy the dev container", "destroy_container", {"name": "dev"}),
    ("get rid of lab", "destroy_container", {"name": "lab"}),
    ("show me the last twenty lines of the logs of web", "container_logs", {"name": "web", "lines": 20}),
    ("why did dev crash", "container_logs", {"name": "dev"}),
    ("what modules are there", "list_modules", {}),
    ("tell me about the redis module", "explain_module", {"name": "redis"}),
    ("install code server on dev", "update_container", {"name": "dev", "add": ["code-server"]}),
    ("remove git from dev", "update_container", {"name": "dev", "remove": ["git"]}),
    ("roll back dev", "roll_back_container", {"name": "dev"}),
    ("run git status in web", "run_in_container", {"name": "web", "command": "git status"}),
)
"""Sentence, tool, arguments."""

NO_COMMANDS = (
    "the weather is nice today",
    "I would like to order a pizza with cheese",
    "what is the capital of France",
    "the quick brown fox jumps over the lazy dog",
    "do not delete dev",
    "destroy all humans",
)
"""What somebody says who wants nothing of the kind."""
