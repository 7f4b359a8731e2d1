"""What processes of their own do to a registry: die while they publish, promote at the same moment."""

import os
import resource
import shutil
import signal
from pathlib import Path
from threading import BrokenBarrierError

from idiolect.errors import IdiolectError
from idiolect.lifecycle.registry import promoting, publishing
from idiolect.lifecycle.registry.backend import Backend
from idiolect.lifecycle.registry.catalogue import Registry
from idiolect.lifecycle.registry.references import Reference

POINTS = ("begun", "copying", "copied", "versioned", "logged")


def publish(folder, work, queue):
    bundle, found = publishing.given(Path(work))
    try:
        version, _ = publishing.publish(Registry.at(str(folder), create=True), bundle, found)
    except IdiolectError as error:
        queue.put(str(error))
    else:
        queue.put(version.version)


def publish_and_die(folder, work, point):
    """SIGKILL where `point` says."""

    def die(*_, **__):
        os.kill(os.getpid(), signal.SIGKILL)

    def then_die(function):
        return lambda *args, **others: (function(*args, **others), die())

    bundle, found = publishing.given(Path(work))
    registry = Registry.at(str(folder), create=True)
    if point == "begun":
        Backend.put = die
    elif point == "copying":
        copies, copy = iter(range(100)), shutil.copy2
        shutil.copy2 = lambda *args, **others: die() if next(copies) == 3 else copy(*args, **others)
    elif point == "copied":
        Backend.create_version = die
    elif point == "versioned":
        Backend.create_version = then_die(Backend.create_version)
    else:
        Backend.finish_run = die
    publishing.publish(registry, bundle, found)


def publish_with_little_room(folder, work, room, queue):
    """No file may grow beyond `room` bytes, as on a disk that is full."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
    publish(folder, work, queue)


def promote_together(folder, name, version, barrier, queue):
    """All processes have looked at the history before the first one adds to it."""
    added = promoting.added

    def waited(*args):
        barrier.wait(60)
        return added(*args)

    promoting.added = waited
    reference = Reference(name=name, selector=str(version))
    try:
        promoting.promote(Registry.at(str(folder)), reference)
    except IdiolectError as error:
        queue.put((version, str(error)))
    else:
        queue.put((version, ""))


def promote_and_die(folder, name, version):
    """SIGKILL when the history has the entry, and neither alias nor log follow it yet."""
    promoting.settle = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    promoting.promote(Registry.at(str(folder)), Reference(name=name, selector=str(version)))


def set_aliases(folder, name, count, barrier, queue):
    """Each alias is set by all processes at the same moment."""
    backend = Backend(str(folder))
    try:
        for number in range(count):
            barrier.wait(60)
            backend.set_alias(name, f"a{number}", 1)
    except (IdiolectError, BrokenBarrierError) as error:
        barrier.abort()
        queue.put(repr(error))
    else:
        queue.put("")


def run(processes, target, *args):
    """The exit code of a process that does it."""
    process = processes.Process(target=target, args=args)
    process.start()
    process.join(120)
    return process.exitcode
