"""preload - small libraries that stand between a server and its libc: clocks that the test moves, memory that it withholds."""
import mmap
import pathlib
import struct
import subprocess

import pytest

from harness.sanitizer import is_sanitized

HERE = pathlib.Path(__file__).parent


class Preload:
    """A library of this folder for a server that is not started yet, and the file through which the test speaks to it."""

    def __init__(self, server, name, values):
        if is_sanitized(server.build.hypnotoad):
            pytest.skip("a sanitizer's library must be the first one and brings its own malloc; other builds run this test")
        library = server.directory.parent / f"{name}.so"
        subprocess.run(["cc", "-std=c17", "-O1", "-shared", "-fPIC", "-o", library, HERE / f"{name}.c"], check=True, timeout=60)
        self.count = values
        path = server.directory / name
        path.write_bytes(bytes(8 * values))
        with open(path, "r+b") as file:
            self.space = mmap.mmap(file.fileno(), 8 * values)
        server.environment |= {"LD_PRELOAD": str(library), f"{name.upper()}_FILE": str(path)}

    def set(self, index, value):
        struct.pack_into("<q", self.space, 8 * index, value)

    def get(self, index):
        return struct.unpack_from("<q", self.space, 8 * index)[0]


class Clocks(Preload):
    def __init__(self, server):
        super().__init__(server, "clocks", 2)

    def move_wall(self, seconds):
        self.set(0, int(seconds * 1e9))

    def move_monotonic(self, seconds):
        self.set(1, int(seconds * 1e9))


class Memory(Preload):
    PROCESS, FIRST, COUNT, ASKED = range(4)

    def __init__(self, server):
        super().__init__(server, "memory", 4)

    def watch(self, pid):
        """Counts the allocations of this process from now on."""
        self.withhold(pid, 0, 0)

    def withhold(self, pid, first, count):
        """Lets `count` allocations of this process fail, the first of them its `first` from now on."""
        for index, value in ((self.PROCESS, 0), (self.ASKED, 0), (self.FIRST, first), (self.COUNT, count), (self.PROCESS, pid)):
            self.set(index, value)

    @property
    def asked(self):
        return self.get(self.ASKED)
