"""What is said where no tool is called."""

from agent.phrasebook.meaning import Call

HELP = """\
- `create a container called dev with git and fish`
- `list my containers`, `status of dev`
- `run git --version in dev`, `show me the last 20 lines of dev's log`
- `stop dev`, `start dev`, `restart dev`
- `add rust to dev`, `remove rust from dev`, `update dev`, `roll back dev`
- `what modules are there`, `tell me about the git module`
- `take a snapshot of dev`, `what changed in dev since yesterday`, `snapshot dev every day`
- `bring back the file notes.txt from monday`, `take dev back to yesterday`
- `give me a copy of dev from friday`, `rename dev to web`
- `what is eating my disk?`, `give dev 50 GB`
- `destroy dev`: shows what would be lost, and asks you first; `restore dev` brings it back from the trash
- `undo`: takes back the last change; `cancel` ends one that is under way

Slash commands do the same: `/create dev git fish`, `/list`, `/status dev`, `/exec dev git --version`, \
`/logs dev 20`, `/start dev`, `/stop dev`, `/restart dev`, `/update dev +rust -git`, \
`/rollback dev`, `/destroy dev`, `/modules`, `/modules git`, `/snap dev`, `/snapshots dev`, `/usage`, \
`/trash`, `/restore dev`, `/undo`, `/cancel`.

I tell you when a container crashes or fills up. `/quiet 22:00-07:00` has that wait in the night, until \
`/quiet off`; `/mute quota` or `/mute crashed` is the end of it, until `/unmute`."""

SAID = {
    "hello": "Hello! I look after your containers. For example:\n\n" + HELP,
    "help": "I make and look after containers for you. Say it in your words, such as:\n\n" + HELP,
    "thanks": "You are welcome.",
    "unchanged": "All right: I changed nothing.",
    "approve": (
        "I cannot agree for you. Where something waits for you, answer the question that is shown"
        " with its plan. To see what there is, say `list my containers`."
    ),
    "no files": (
        "Files cannot be sent in this conversation. On the appliance,"
        " `voxnix exec dev -- cat report.pdf > report.pdf` copies one out."
    ),
    "secrets": (
        "I take no secrets in a conversation: what is said here is kept. On the appliance,"
        " `voxnix secrets give tailscale.auth-key` asks for one, and `voxnix secrets list` names them all."
    ),
}
BY_NAME = {
    "destroy_container": "I destroy containers only by their names: say `destroy dev`. I changed nothing.",
    "update_container": (
        "I update containers by their names: say `update dev`. All at once is `voxnix upgrade --all`, on the"
        " appliance. I changed nothing."
    ),
    "purge_container": (
        "I remove containers from the trash only by their names: say `purge dev`. Each goes by itself when"
        " its time is over. I changed nothing."
    ),
}
HOW = {
    "create_container": "Say `create a container called dev with git and fish`; `modules` lists them.",
    "start_container": "Say `start dev`, with the name of your container.",
    "stop_container": "Say `stop dev`. Its files stay, and `start dev` brings it back.",
    "restart_container": "Say `restart dev`. Its files stay.",
    "destroy_container": (
        "Say `destroy dev`. I then show what would be lost, in numbers, and nothing goes before you agree."
        " I changed nothing now."
    ),
    "run_in_container": "Say `run git --version in dev`. Pipes and variables work too.",
    "send_file": "Say `send me report.pdf from dev`, with its path from /workspace on, or its whole path.",
    "container_logs": "Say `logs of dev`, or `show me the last 20 lines of dev's log`.",
    "container_status": "Say `status of dev`.",
    "update_container": "Say `add rust to dev` or `remove rust from dev`; `update dev` makes it anew.",
    "roll_back_container": "Say `roll back dev`.",
    "list_containers": "Say `list my containers`.",
    "snapshot_container": "Say `take a snapshot of dev`, or `take a snapshot of dev called good`.",
    "revert_container": (
        "Say `take dev back to yesterday`, or to what a snapshot is called. I then show what that would"
        " change, and ask you. What dev is now goes to the trash."
    ),
    "restore_file": (
        "Say `bring back the file notes.txt from monday in dev`; `snapshots of dev` tells what there is."
    ),
    "restore_container": (
        "Say `restore dev`, or `restore dev as old`; `what is in the trash` tells what there is."
    ),
    "purge_container": "Say `purge dev`. What is in the trash goes by itself, too, when its time is over.",
    "forget_snapshot": "Say `forget the snapshot good of dev`.",
    "copy_container": "Say `copy dev to test`, or `give me a copy of dev from yesterday`.",
    "rename_container": "Say `rename dev to web`.",
    "resize_container": "Say `give dev 50 GB`; `usage` tells what everything takes.",
    "schedule_snapshots": (
        "Say `snapshot dev every day`, `keep 24 hourly snapshots of dev`, or `stop taking snapshots of dev`."
    ),
    "undo_last_change": "Say `undo`: it takes back the last change that can be taken back.",
    "cancel_change": "Say `cancel`, or `cancel operation 17`, while it is under way.",
    "storage_usage": "Say `what is eating my disk?`",
    "list_modules": "Say `what modules are there`, or `tell me about the fish module`.",
}
WHICH = {
    "create_container": "What should it be called? Answer with a name, such as `dev`.",
    "start_container": "Which container shall I start?",
    "stop_container": "Which container shall I stop?",
    "restart_container": "Which container shall I restart?",
    "destroy_container": "Which container shall go? I then show what would be lost, and ask you.",
    "run_in_container": "In which container shall I run that?",
    "send_file": "From which container? Answer with its name, or say `send me report.pdf from dev`.",
    "container_logs": "The log of which container?",
    "container_status": "Which container do you mean?",
    "update_container": "Which container shall I change?",
    "roll_back_container": "Which container shall I roll back?",
    "snapshot_container": "Of which container shall I take a snapshot?",
    "list_snapshots": "The snapshots of which container?",
    "changed_files": "In which container?",
    "revert_container": "Which container shall I take back?",
    "restore_file": "Into which container does the file belong?",
    "forget_snapshot": "Of which container is that snapshot?",
    "copy_container": "Which container shall I copy?",
    "schedule_snapshots": "Of which container shall I take snapshots?",
    "rename_container": "Which container shall I rename?",
    "resize_container": "Which container do you mean?",
    "restore_container": "Which container shall I bring back? `what is in the trash` tells what there is.",
    "purge_container": "Which container shall go from the trash? I show what would be lost, and ask you.",
}
NEW_NAME = {"rename_container": "What is its new name? Answer with one, such as `web`."}
"""What is asked where the name is known."""


def question(call: Call) -> str:
    """What is asked where something is missing to call a tool."""
    return NEW_NAME[call.tool] if "name" in call.arguments else WHICH[call.tool]
