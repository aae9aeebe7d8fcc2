"""The simulated ``mmdebstrap``, ``tar`` and idshift, and the file commands around them."""

import re
from collections.abc import Generator

from agent.host.simulated import zfs
from agent.host.simulated.programs import Call
from agent.host.simulated.world import Answer, Tree

BASE = 110
"""How many packages the smallest image has."""
PULLED_IN = 8
"""How many more each package brings along."""
UNKNOWN = "no-such-"
"""Packages whose names begin like this are in no mirror."""


def unshare(call: Call) -> Generator[str | float, None, Answer]:
    """``unshare … mmdebstrap …``: an image, package by package."""
    if "mmdebstrap" not in call.argv or "--mount" not in call.argv:
        raise call.unknown()
    options, (suite, target, sources) = call.argv[:-3], call.argv[-3:]
    if sources not in call.world.files or not suite.isalpha():
        raise call.unknown()
    include = next(option for option in options if option.startswith("--include="))
    wanted = include.removeprefix("--include=").split(",")
    yield "I: running apt-get update..."
    yield "Get:1 http://mirror.invalid/debian trixie InRelease [140 kB]"
    missing = [name for name in wanted if name.startswith(UNKNOWN)]
    if missing:
        yield f"E: Unable to locate package {missing[0]}"
        yield "E: run_chroot failed: E: apt-get --yes failed: process exited with 100"
        return Answer(returncode=25)
    count = BASE + PULLED_IN * len(wanted)
    pause = call.pace.build / (2 * count)
    yield "I: downloading packages with apt..."
    yield f"0 upgraded, {count} newly installed, 0 to remove and 0 not upgraded."
    for number in range(count):
        yield pause
        yield f"Get:{number + 2} http://mirror.invalid/debian trixie/main package-{number} 1 [1 kB]"
    yield "I: installing essential packages..."
    for number in range(count):
        yield pause
        yield f"Setting up package-{number} (1) ..."
    for hook in options:
        if told := re.match(r"--customize-hook=echo '?(voxnix: set-up of [a-z0-9-]+)'?;", hook):
            yield told[1]
    yield "I: cleaning package lists and apt cache..."
    yield "I: creating tarball..."
    size = call.sizes.image + call.sizes.package * len(wanted)
    call.world.archives[target] = Tree(packages=tuple(wanted), size=size)
    yield "I: success in 1.0 seconds"
    return Answer()


def tar(call: Call) -> Answer:
    """``tar --extract`` of an image into a data set."""
    match call.argv[1:]:
        case ["--extract", "--zstd", *options, directory, file]:
            pass
        case _:
            raise call.unknown()
    if not {"--numeric-owner", "--preserve-permissions", "--xattrs"} <= set(options):
        raise call.unknown()
    archive, folder = file.removeprefix("--file="), directory.removeprefix("--directory=")
    tree = call.world.archives.get(archive)
    if tree is None:
        return Answer.no(f"tar (child): {archive}: Cannot open: No such file or directory", 2)
    dataset = zfs.mounted_at(call.world, folder)
    if dataset is None:
        return Answer.no(f"tar: {folder}: Cannot open: No such file or directory", 2)
    room = zfs.available(call.world, dataset, call.sizes.pool)
    if room < tree.size:
        call.world.datasets[dataset].written += room
        return Answer.no("tar: ./usr/bin/env: Cannot write: Disk quota exceeded", 2)
    call.world.datasets[dataset].tree = tree.model_copy()
    call.world.datasets[dataset].written += tree.size
    return Answer()


def idshift(call: Call) -> Answer:
    """``python -I idshift.py DIR BASE [FROM]``."""
    match call.argv[1:]:
        case ["-I", program, folder, base, *rest] if program.endswith("/idshift.py") and base.isdecimal():
            before = int(rest[0]) if rest else 0
        case _:
            raise call.unknown()
    name = zfs.mounted_at(call.world, folder)
    if name is None:
        return Answer.no(f"idshift: [Errno 2] No such file or directory: '{folder}'")
    dataset, wanted = call.world.datasets[name], int(base)
    for owner in (dataset.uid_base, dataset.tree.uid_base if dataset.tree else 0):
        if owner not in {before, wanted}:
            return Answer.no(f"idshift: id {owner} is neither below 65536 nor in the range from {wanted}")
    changed = int(dataset.uid_base != wanted)
    dataset.uid_base = wanted
    if dataset.tree and dataset.tree.uid_base != wanted:
        if zfs.available(call.world, name, call.sizes.pool) < call.sizes.shift:
            return Answer.no("idshift: [Errno 122] Disk quota exceeded")
        dataset.tree.uid_base = wanted
        dataset.written += call.sizes.shift
        changed += 1
    return Answer(f"{changed}\n")


def apt_config(call: Call) -> Answer:
    """``apt-config dump Acquire``."""
    if call.argv[1:] != ["dump", "Acquire"]:
        raise call.unknown()
    return Answer('Acquire "";\nAcquire::cdrom "";\nAcquire::cdrom::mount "/media/cdrom/";\n')


def mkdir(call: Call) -> Answer:
    """``mkdir --parents``."""
    match call.argv[1:]:
        case ["--parents", path]:
            call.world.folders.add(path)
            return Answer()
        case _:
            raise call.unknown()


def rm(call: Call) -> Answer:
    """``rm --recursive``, on the node's own disk."""
    match call.argv[1:]:
        case ["--recursive", "--force", "--one-file-system", path]:
            pass
        case _:
            raise call.unknown()
    world = call.world
    for store in (world.files, world.archives):
        for key in [one for one in store if one == path or one.startswith(f"{path}/")]:
            del store[key]
    world.folders = {one for one in world.folders if one != path and not one.startswith(f"{path}/")}
    return Answer()


def mv(call: Call) -> Answer:
    """``mv`` of an archive."""
    match call.argv[1:]:
        case ["--no-target-directory", source, target]:
            pass
        case _:
            raise call.unknown()
    if source not in call.world.archives:
        return Answer.no(f"mv: cannot stat '{source}': No such file or directory")
    call.world.archives[target] = call.world.archives.pop(source)
    return Answer()
