"""memory_group - a group of processes that may use only so much memory, where the kernel lets this process make one."""
import os
import pathlib
import uuid

ROOT = pathlib.Path("/sys/fs/cgroup")


class MemoryGroup:
    """In a with statement; its members must have ended at the end."""

    @classmethod
    def make(cls, most):
        """None if there is no controller of memory or it may not be used."""
        for parent, limit in ((ROOT / "memory", "memory.limit_in_bytes"), (ROOT, "memory.max")):
            place = parent / f"toad-{uuid.uuid4().hex}"
            try:
                place.mkdir()
            except OSError:
                continue
            try:
                (place / limit).write_text(str(most))
                return cls(place)
            except OSError:
                place.rmdir()
        return None

    def __init__(self, place):
        self.place = place

    def __enter__(self):
        return self

    def __exit__(self, *_):
        home = self.place.parent / "cgroup.procs"
        for pid in (self.place / "cgroup.procs").read_text().split():
            home.write_text(pid)
        os.rmdir(self.place)

    def add(self, pid):
        (self.place / "cgroup.procs").write_text(str(pid))
