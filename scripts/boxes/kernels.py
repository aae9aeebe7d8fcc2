"""Whose kernel a box runs on."""

from __future__ import annotations

from enum import StrEnum


class Kernel(StrEnum):
    """The two kinds of boxes."""

    HOST = "host"
    """The machine's own: quick, and as the machine is. ZFS runs in user space."""
    UML = "uml"
    """One of its own, a user-mode Linux: OpenZFS, and limits that hold on any machine."""
