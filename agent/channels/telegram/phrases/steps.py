"""What the steps of a change say that they do."""

from agent.channels.telegram.formatting import escaped
from agent.texts import Texts


def step_label(say: Texts, english: str) -> str:
    """The label of a step's progress. What programs say of themselves stays as it is."""
    known = {
        "build": say("building"),
        "storage": say("making the storage"),
        "start": say("starting the container"),
        "verify": say("checking that it runs"),
        "stop": say("stopping the container"),
        "change": say("changing the container"),
        "say goodbye": say("taking leave"),
        "keep": say("writing down what it is made of"),
        "keep a snapshot": say("taking a snapshot"),
        "put into the trash": say("putting it into the trash"),
        "bring back": say("bringing it back"),
        "write it down": say("writing it down"),
        "purge": say("purging the trash"),
        "secrets": say("taking its secrets along"),
        "taking its secrets along": say("taking its secrets along"),
        "rename": say("giving it the other name"),
        "resize": say("setting the limits"),
        "prune": say("removing images"),
        "look at the place": say("looking at the place"),
        "snapshot": say("taking a snapshot"),
        "send": say("sending"),
        "write down": say("writing down what there is"),
        "look at the backup": say("looking at the backup"),
        "check": say("checking"),
        "receive": say("receiving"),
        "furnish": say("putting it in its place"),
        "looking at the place": say("looking at the place"),
        "taking a snapshot": say("taking a snapshot"),
        "sending": say("sending"),
        "writing down what there is": say("writing down what there is"),
        "looking at the backup": say("looking at the backup"),
        "checking": say("checking"),
        "receiving": say("receiving"),
        "putting it in its place": say("putting it in its place"),
        "making the storage": say("making the storage"),
        "starting the container": say("starting the container"),
        "stopping the container": say("stopping the container"),
        "changing the container": say("changing the container"),
        "waiting for its address": say("waiting for its address"),
        "putting it into the trash": say("putting it into the trash"),
        "bringing it back": say("bringing it back"),
        "writing it down": say("writing it down"),
        "purging the trash": say("purging the trash"),
        "giving it the other name": say("giving it the other name"),
        "setting the limits": say("setting the limits"),
        "look": say("looking at the snapshot"),
        "looking at the snapshot": say("looking at the snapshot"),
        "copy": say("copying it"),
        "swap": say("putting it in its place"),
        "tidy up": say("tidying up"),
        "tidying up": say("tidying up"),
        "forget": say("forgetting a snapshot"),
        "forgetting a snapshot": say("forgetting a snapshot"),
        "schedule": say("planning the snapshots"),
        "planning the snapshots": say("planning the snapshots"),
        "removing images": say("removing images"),
        "waiting for another evaluation": say("waiting for another build"),
        "evaluating": say("working out what to build"),
        "downloading": say("downloading"),
        "building": say("building"),
        "fetching package lists": say("fetching package lists"),
        "downloading packages": say("downloading packages"),
        "unpacking the base system": say("unpacking the base system"),
        "installing packages": say("installing packages"),
        "finishing": say("finishing"),
        "packing the image": say("packing the image"),
        "unpacking the image": say("unpacking the image"),
        "giving the image to its owner": say("giving the image to its owner"),
    }
    if english in known:
        return known[english]
    if module := _after(english, "setting up "):
        return say("setting up {module}", module=escaped(module))
    if module := _after(english, "taking leave for "):
        return say("taking leave for {module}", module=escaped(module))
    verb, _, what = english.partition(" ")
    return f"{known[verb]} {escaped(what)}" if verb in known else escaped(english)


def _after(text: str, head: str) -> str:
    return text.removeprefix(head) if text.startswith(head) else ""
