"""What a guest is made of: a spec against the modules there are.

``nix/lib/check.nix`` says the same in front of a build; ``nix/checks/problems.json`` holds both to it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from difflib import get_close_matches

from pydantic import BaseModel, ConfigDict, JsonValue

from agent.core.errors import InvalidSpec, UnknownModule
from agent.core.module import Module
from agent.core.workload import ContainerSpec


@dataclass(frozen=True)
class SpecProblem:
    """Why nothing can be made of a spec.

    Attributes:
        code: the kind of problem, stable for programs.
        module: which module it is about; empty where it is about none.
        option: which of its options, or which field of the spec; empty where it is about none.
        accepted: what would be accepted instead.
        message: all of that as a sentence.
    """

    code: str
    module: str
    option: str
    accepted: str
    message: str


class Composition(BaseModel):
    """What a guest is made of. No name and no owner: whoever wants the same has the same.

    Attributes:
        modules: sorted, each once.
        options: all options of these modules, by module and option.
    """

    model_config = ConfigDict(frozen=True)

    modules: tuple[str, ...]
    options: dict[str, dict[str, JsonValue]]


def compose(spec: ContainerSpec, modules: Mapping[str, Module]) -> Composition:
    """What a spec makes.

    Raises:
        UnknownModule: with the nearest names.
        InvalidSpec: an option that is not there or has a wrong value, modules that do not go together or lack
            another, two that want the same port.
    """
    found = problems(spec, modules)
    if found:
        raise refusal(found[0])
    return composed(spec, modules)


def problems(spec: ContainerSpec, modules: Mapping[str, Module]) -> list[SpecProblem]:
    """All problems of the first kind that there is: later kinds make no sense before it is mended."""
    for find in (_unknown_modules, _wrong_options, _not_together, _same_ports):
        found = find(spec, modules)
        if found:
            return found
    return []


def refusal(problem: SpecProblem) -> UnknownModule | InvalidSpec:
    """What to tell a person about a problem, whoever found it: this file, or Nix."""
    about = {name: value for name, value in asdict(problem).items() if value and name != "message"}
    if problem.code == "unknown_module":
        near = get_close_matches(problem.module.lower(), problem.accepted.split(", "), n=2, cutoff=0.5)
        return UnknownModule(
            f"There is no module called {problem.module[:40]}.",
            f"Did you mean {' or '.join(near)}?" if near else "",
            f"The modules are: {problem.accepted}.",
            about=about,
        )
    hint = {
        "option_without_module": f"Add the module {problem.module}, or leave its options out.",
        "unknown_option": f"Its options are: {problem.accepted}."
        if problem.accepted
        else "It has no options.",
        "conflict": f"Choose {problem.accepted}.",
        "missing_module": f"Add the module {problem.accepted}.",
        "port_conflict": f"Give the option {problem.option} of {problem.module} another port."
        if problem.option
        else "Leave one of them out.",
    }
    return InvalidSpec(problem.message, hint=hint.get(problem.code, ""), about=about)


def composed(spec: ContainerSpec, modules: Mapping[str, Module]) -> Composition:
    """What a spec makes that was found to be right once, whatever is demanded of new ones by now.

    Raises:
        UnknownModule: one of its modules is there no more.
    """
    if gone := _unknown_modules(spec, modules):
        raise refusal(gone[0])
    return Composition(
        modules=spec.modules,
        options={
            name: {option: described.default for option, described in modules[name].options.items()}
            | spec.options.get(name, {})
            for name in spec.modules
        },
    )


def unknown(name: str, modules: Mapping[str, Module]) -> SpecProblem:
    """The problem that there is no such module."""
    told = f"There is no module called {name}."
    return SpecProblem("unknown_module", name, "", ", ".join(sorted(modules)), told)


def _unknown_modules(spec: ContainerSpec, modules: Mapping[str, Module]) -> list[SpecProblem]:
    return [unknown(name, modules) for name in spec.modules if name not in modules]


def _wrong_options(spec: ContainerSpec, modules: Mapping[str, Module]) -> list[SpecProblem]:
    found: list[SpecProblem] = []
    for name, given in sorted(spec.options.items()):
        if name not in spec.modules:
            told = f"There are options for {name}, which is not among the modules."
            found.append(SpecProblem("option_without_module", name, "", ", ".join(spec.modules), told))
            continue
        known = modules[name].options
        for option, value in sorted(given.items()):
            if option not in known:
                told = f"The module {name} has no option {option}."
                found.append(SpecProblem("unknown_option", name, option, ", ".join(sorted(known)), told))
            elif not known[option].accepts(value):
                accepted = known[option].accepted
                told = f"The option {option} of {name} has to be {accepted}."
                found.append(SpecProblem("invalid_option", name, option, accepted, told))
    return found


def _not_together(spec: ContainerSpec, modules: Mapping[str, Module]) -> list[SpecProblem]:
    found: list[SpecProblem] = []
    for name in spec.modules:
        for other in modules[name].conflicts:
            if other in spec.modules:
                told = f"The modules {name} and {other} do not go together."
                found.append(SpecProblem("conflict", name, "", f"either {name} or {other}", told))
        for other in modules[name].requires:
            if other not in spec.modules:
                told = f"The module {name} needs the module {other}."
                found.append(SpecProblem("missing_module", name, "", other, told))
    return found


def _same_ports(spec: ContainerSpec, modules: Mapping[str, Module]) -> list[SpecProblem]:
    options = composed(spec, modules).options
    wanted = [
        (port, protocol, name, option)
        for name in spec.modules
        for port, protocol, option in modules[name].listens(options[name])
    ]
    for port, protocol, *_ in wanted:
        meet = [one for one in wanted if one[:2] == (port, protocol)]
        if len(meet) > 1:
            # Named is the one that can be moved, if any can.
            _, _, module, option = next((one for one in meet if one[3]), meet[0])
            names = ", ".join(sorted({one[2] for one in meet}))
            told = f"The modules {names} all want port {port}/{protocol}."
            return [SpecProblem("port_conflict", module, option, "a port that no other module uses", told)]
    return []
