"""The tools for containers: each calls one service method, waits where that is a change, returns a view."""

from pydantic import JsonValue
from pydantic_ai import FunctionToolset

from agent.core.operation import Operation
from agent.core.workload import ContainerSpec
from agent.tools.calling import LONG, READ, Context, answer, change
from agent.tools.commands import argv_of
from agent.tools.deps import Deps
from agent.tools.views import (
    ChangeView,
    ExecutedView,
    LogsView,
    ModuleSummary,
    ModulesView,
    ModuleView,
    ProblemView,
    StatusView,
    WorkloadsView,
    WorkloadView,
)

Options = dict[str, dict[str, JsonValue]]
"""By module and option."""

containers = FunctionToolset[Deps](id="containers", require_parameter_descriptions=True)


@containers.tool(timeout=LONG, sequential=True)
def create_container(
    ctx: Context, name: str, modules: list[str], options: Options | None = None
) -> ChangeView | ProblemView:
    """Create and start a container.

    Args:
        ctx: who asks.
        name: what the person wants to call it: lower-case letters, digits and hyphens, at most 32.
        modules: names of modules that it is made of, as list_modules gives them; may be empty.
        options: by module and option, as explain_module gives them, such as {"git": {"name": "Ann"}}. Only
            what the person asked for; the rest has defaults.
    """
    given = {"name": name, "modules": modules, **({"options": options} if options else {})}

    def submit(deps: Deps) -> Operation:
        spec = ContainerSpec(name=name, modules=tuple(modules), options=options or {})
        return deps.services.workloads.create(deps.owner, spec, deps.request)

    return change(ctx, "create_container", given, submit)


@containers.tool(timeout=LONG, sequential=True)
def update_container(
    ctx: Context,
    name: str,
    add: list[str] | None = None,
    remove: list[str] | None = None,
    options: Options | None = None,
) -> ChangeView | ProblemView:
    """Change what a container is made of: add or remove modules, or change options. /workspace stays.

    With neither, it is made anew of the newest versions of what it has. It can be rolled back afterwards.

    Args:
        ctx: who asks.
        name: which container.
        add: names of modules to add.
        remove: names of modules to remove.
        options: by module and option, as explain_module gives them; only what is to change.
    """
    changes = {"add": add, "remove": remove, "options": options}
    given = {"name": name, **{key: value for key, value in changes.items() if value}}

    def submit(deps: Deps) -> Operation:
        spec = deps.services.workloads.find(deps.owner, name).spec
        changed = spec.changed(add=add or (), remove=remove or (), options=options)
        return deps.services.workloads.update(deps.owner, changed, deps.request)

    return change(ctx, "update_container", given, submit)


@containers.tool(timeout=LONG, sequential=True)
def roll_back_container(ctx: Context, name: str) -> ChangeView | ProblemView:
    """Undo the last update of a container: it becomes what it was made of before. /workspace stays.

    Args:
        ctx: who asks.
        name: which container.
    """
    return change(
        ctx,
        "roll_back_container",
        {"name": name},
        lambda deps: deps.services.workloads.roll_back(deps.owner, name, deps.request),
    )


@containers.tool(timeout=READ)
def list_containers(ctx: Context) -> WorkloadsView | ProblemView:
    """List the person's containers with their states, modules and addresses."""

    def ask(deps: Deps) -> WorkloadsView:
        found = deps.services.workloads.list(deps.owner)
        return WorkloadsView(containers=tuple(WorkloadView.of(one) for one in found))

    return answer(ctx, "list_containers", {}, ask)


@containers.tool(timeout=READ)
def container_status(ctx: Context, name: str) -> StatusView | ProblemView:
    """Tell all that is known of one container: state, addresses, modules, disk space, last change.

    Args:
        ctx: who asks.
        name: which container.
    """

    def ask(deps: Deps) -> StatusView:
        status = deps.services.workloads.status(deps.owner, name)
        return StatusView(
            container=WorkloadView.of(status.workload),
            root=status.root,
            workspace=status.workspace,
            whole=status.whole,
            node_seen_at=status.node_seen_at,
            last_change=ChangeView.of(status.last_operation) if status.last_operation else None,
        )

    return answer(ctx, "container_status", {"name": name}, ask)


@containers.tool(timeout=LONG, sequential=True)
def start_container(ctx: Context, name: str) -> ChangeView | ProblemView:
    """Start a container that is stopped.

    Args:
        ctx: who asks.
        name: which container.
    """
    return change(
        ctx,
        "start_container",
        {"name": name},
        lambda deps: deps.services.workloads.start(deps.owner, name, deps.request),
    )


@containers.tool(timeout=LONG, sequential=True)
def stop_container(ctx: Context, name: str) -> ChangeView | ProblemView:
    """Stop a running container. Its files stay.

    Args:
        ctx: who asks.
        name: which container.
    """
    return change(
        ctx,
        "stop_container",
        {"name": name},
        lambda deps: deps.services.workloads.stop(deps.owner, name, deps.request),
    )


@containers.tool(timeout=LONG, sequential=True)
def restart_container(ctx: Context, name: str) -> ChangeView | ProblemView:
    """Stop a container and start it again. Its files stay.

    Args:
        ctx: who asks.
        name: which container.
    """
    return change(
        ctx,
        "restart_container",
        {"name": name},
        lambda deps: deps.services.workloads.restart(deps.owner, name, deps.request),
    )


@containers.tool(timeout=LONG, sequential=True)
def destroy_container(ctx: Context, name: str) -> ChangeView | ProblemView:
    """Propose to destroy a container with all its files.

    Nothing is destroyed by this call. It returns a plan of what would be lost, which the person is then asked
    to agree to; only the person can.

    Args:
        ctx: who asks.
        name: which container.
    """
    return change(
        ctx,
        "destroy_container",
        {"name": name},
        lambda deps: deps.services.workloads.destroy(deps.owner, name, deps.request),
    )


@containers.tool(timeout=READ)
def container_logs(ctx: Context, name: str, lines: int = 50) -> LogsView | ProblemView:
    """Read the last lines of a container's journal.

    Args:
        ctx: who asks.
        name: which container.
        lines: how many, from 1 to 1000.
    """

    def ask(deps: Deps) -> LogsView:
        return LogsView.of(name, deps.services.workloads.logs(deps.owner, name, lines))

    return answer(ctx, "container_logs", {"name": name, "lines": lines}, ask)


@containers.tool(timeout=LONG, sequential=True)
def run_in_container(ctx: Context, name: str, command: str | list[str]) -> ExecutedView | ProblemView:
    """Run a command as root in a running container and return what it printed. It may take a minute.

    Args:
        ctx: who asks.
        name: which container.
        command: as it would be typed, such as `git --version`; pipes and variables work. Or a list of the
            program and its arguments, which no shell reads.
    """
    shown = command if isinstance(command, str) else " ".join(command)

    def ask(deps: Deps) -> ExecutedView:
        workloads = deps.services.workloads
        executed = workloads.exec(deps.owner, name, argv_of(command), request=deps.request)
        return ExecutedView.of(name, shown, executed)

    return answer(ctx, "run_in_container", {"name": name, "command": command}, ask)


@containers.tool(timeout=READ)
def list_modules(ctx: Context) -> ModulesView | ProblemView:
    """List the modules that containers can be made of, with what each one gives."""

    def ask(deps: Deps) -> ModulesView:
        return ModulesView(
            modules=tuple(ModuleSummary.of(module) for module in deps.services.catalogue.all())
        )

    return answer(ctx, "list_modules", {}, ask)


@containers.tool(timeout=READ)
def explain_module(ctx: Context, name: str) -> ModuleView | ProblemView:
    """Tell all about one module: options with what they accept, ports, secrets, what it needs or excludes.

    Args:
        ctx: who asks.
        name: which module.
    """
    return answer(
        ctx, "explain_module", {"name": name}, lambda deps: ModuleView.of(deps.services.catalogue.get(name))
    )
