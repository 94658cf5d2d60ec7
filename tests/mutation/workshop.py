"""workshop - builds the tests of base and policy around one mutant, and runs them.

A bench is a copy of the files that matter, with their objects. A mutant changes one file of it, whoever reads that file is
compiled again, everything is linked into two programs: all unit tests, and the explorer."""
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
from collections import namedtuple

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROOMS = ("src/base", "src/policy")
UNITS = ("tests/unit/base", "tests/unit/policy")
EXPLORER = "tests/simulation"

COMPILE = ["-std=c17", "-D_GNU_SOURCE", '-DTOAD_VERSION="0"', "-w", "-pthread", "-Isrc"]
# Rooms and explorer are optimized: equal machine code shows that a change is none, and states are many.
OPTIMIZED = "-O2"
SANITIZE = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"]
COMPLAINT = re.compile(rb"AddressSanitizer|LeakSanitizer|runtime error:")
MARK = "Synthesis: Tested: "

# What the explorer is led through: the pools that its own tests walk, up to a bound.
STATES = 60000
WALKS = (
    ("--workers", "3", "--wanted", "3"),
    ("--workers", "2", "--wanted", "2", "--spare", "2"),
    ("--workers", "1", "--wanted", "2", "--tears", "--every"),
    ("--workers", "1", "--wanted", "2", "--failures", "6"),
    ("--workers", "1", "--wanted", "1", "--deploys"),
    ("--workers", "1", "--wanted", "1", "--follows"),
)

# The walk of two managers is a program of its own, too long to be taken for each mutant.
PAIR = "pair"

# CPU seconds of one process: nothing depends on how busy the machine is. The whole run may take longer, but not forever.
CPU_SECONDS = 4
PATIENCE_SECONDS = 300
MEMORY_BYTES = 2 << 30

KILLERS = ("unit tests", "explorer", "sanitizers")
Outcome = namedtuple("Outcome", "verdict killer")  # refused, same code, killed, survived


class BrokenBench(Exception):
    """The tests do not even pass without a mutant."""


def is_judged(path):
    return path.suffix in (".c", ".h", ".def")


def mutated_files():
    return [str(path.relative_to(ROOT)) for room in ROOMS for path in sorted((ROOT / room).iterdir()) if is_judged(path)]


def linker():
    for name in ("mold", "lld", "gold"):
        if shutil.which("ld." + name) or shutil.which(name):
            return ["-fuse-ld=" + name]
    return []


def restrain(memory):
    def prepare():
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if memory:
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    return prepare


def run(command, folder, memory=True):
    """(exit status, output) of a program with limits; whoever is left of its group is killed."""
    process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=restrain(memory))
    try:
        output, _ = process.communicate(timeout=PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
    # Criterion leaves its socket behind when it is ended early.
    pathlib.Path(f"/tmp/criterion_{process.pid}.sock").unlink(missing_ok=True)
    return process.returncode, output


class Variant:
    """One way to compile everything: plain, or with sanitizers."""

    def __init__(self, bench, name, flags):
        self.bench, self.flags = bench, flags
        self.objects = bench.folder / name
        self.changed = bench.folder / (name + ".changed")
        self.objects.mkdir()
        self.changed.mkdir()

    def compile(self, source, folder):
        target = folder / (source.replace("/", "_") + ".o")
        optimize = [OPTIMIZED] if not source.startswith("tests/unit") and not self.flags else ["-O0"]
        command = ["gcc", *COMPILE, *optimize, *self.flags, "-MMD", "-c", source, "-o", str(target)]
        done = subprocess.run(command, cwd=self.bench.folder, capture_output=True, text=True, check=False)
        return done.returncode == 0, done.stderr

    def compile_all(self, pool):
        for is_right, complaint in pool.map(lambda source: self.compile(source, self.objects), self.bench.sources):
            if not is_right:
                raise BrokenBench(complaint)

    def link(self, name, sources):
        """The program of these sources, each changed object instead of the one that it replaces."""
        program = self.changed / name
        names = [source.replace("/", "_") + ".o" for source in sources]
        objects = [str(path if (path := self.changed / each).exists() else self.objects / each) for each in names]
        libraries = ["-lcriterion"] if name == "units" else []
        done = subprocess.run(["gcc", *linker(), *self.flags, "-pthread", *objects, "-o", str(program), *libraries],
                              capture_output=True, text=True, check=False)
        return program if done.returncode == 0 else None

    def clear(self):
        shutil.rmtree(self.changed)
        self.changed.mkdir()

    def readers(self, file):
        """The sources whose objects were compiled from this file, by what the compiler noted of it."""
        for source in self.bench.sources:
            noted = (self.objects / (source.replace("/", "_") + ".d")).read_text()
            if re.search(r"(^|\s)" + re.escape(file) + r"(\s|$)", noted):
                yield source


class Bench:
    def __init__(self, folder, origin=ROOT):
        self.folder = pathlib.Path(folder)
        for part in (*ROOMS, *UNITS, EXPLORER):
            (self.folder / part).mkdir(parents=True)
            for path in sorted((origin / part).iterdir()):
                if is_judged(path):
                    shutil.copy(path, self.folder / part)
        self.rooms, self.units, self.explorer = (
            sorted(str(path.relative_to(self.folder)) for part in parts for path in (self.folder / part).glob("*.c")
                   if not path.name.startswith(PAIR))
            for parts in (ROOMS, UNITS, (EXPLORER,)))
        self.sources = self.rooms + self.units + self.explorer
        self.plain = Variant(self, "plain", [])
        self.sanitized = Variant(self, "sanitized", SANITIZE)

    def prepare(self, pool):
        """Compiles everything and passes every test without a mutant."""
        for variant in (self.plain, self.sanitized):
            variant.compile_all(pool)
        for killer in KILLERS:
            if (complaint := self.complaint(killer)) is not None:
                raise BrokenBench(f"Without any mutant the {killer} fail:\n{complaint}")
            self.clear()

    def copy(self, folder):
        """Another bench with the same objects."""
        other = Bench(folder, self.folder)
        for mine, its in ((self.plain, other.plain), (self.sanitized, other.sanitized)):
            shutil.copytree(mine.objects, its.objects, dirs_exist_ok=True)
        return other

    def clear(self):
        self.plain.clear()
        self.sanitized.clear()

    def judge(self, mutant, mutated):
        """Builds and runs the tests around the mutant; afterwards the bench is as before."""
        path = self.folder / mutant.file
        original = path.read_text()
        path.write_text(mutated)
        try:
            return self._judge(mutant)
        finally:
            path.write_text(original)
            self.clear()

    def _judge(self, mutant):
        touched = self.touched(mutant)
        rooms = [source for source in touched if source in self.rooms]
        if not all(self.plain.compile(source, self.plain.changed)[0] for source in rooms):
            return Outcome("refused", None)
        if all(self.is_same(source) for source in rooms):
            return Outcome("same code", None)
        if not all(self.plain.compile(source, self.plain.changed)[0] for source in touched if source not in rooms):
            return Outcome("refused", None)
        own = self.own_units(mutant.file)
        if own and self._run_units(self.plain, own) is not None:
            return Outcome("killed", KILLERS[0])
        for killer in KILLERS:
            if killer == "sanitizers" and not all(
                    self.sanitized.compile(source, self.sanitized.changed)[0] for source in touched):
                return Outcome("refused", None)
            if self.complaint(killer) is not None:
                return Outcome("killed", killer)
        return Outcome("survived", None)

    def own_units(self, file):
        """The tests that are named after a file: the first to notice what is wrong with it."""
        names = {unit: pathlib.Path(unit).name for unit in self.units}
        own = [unit for unit in self.units if names[unit].startswith(f"test_{pathlib.Path(file).stem}")]
        return own + [unit for unit in self.units if own and not names[unit].startswith("test_")]

    def touched(self, mutant):
        """Whoever reads the mutated file; a row of a table touches those who expand its macro."""
        readers = list(self.plain.readers(mutant.file))
        if not mutant.macro:
            return readers
        defined = re.compile(rf"^#define {mutant.macro}\(", re.MULTILINE)
        headers = {str(path.relative_to(self.folder)) for path in (self.folder / "src").rglob("*.h")
                   if defined.search(path.read_text())}
        through = {source for header in headers for source in self.plain.readers(header)}
        return [source for source in readers
                if source in through or defined.search((self.folder / source).read_text())]

    def is_same(self, source):
        name = source.replace("/", "_") + ".o"
        return (self.plain.changed / name).read_bytes() == (self.plain.objects / name).read_bytes()

    def complaint(self, killer):
        """What the tests say against the program as it stands, or None."""
        if killer == "explorer":
            return self._explore()
        return self._run_units(self.sanitized if killer == "sanitizers" else self.plain, self.units)

    def _run_units(self, variant, units):
        program = variant.link("units", self.rooms + units)
        if program is None:
            return "the linker refuses it"
        status, output = run([str(program), "-j1", "--fail-fast", "--color=never"], variant.changed, memory=not variant.flags)
        text = output.decode(errors="replace")
        if status == 0 and MARK in text and MARK + "0 " not in text and not COMPLAINT.search(output):
            return None
        return text

    def _explore(self):
        program = self.plain.link("explorer", self.rooms + self.explorer)
        if program is None:
            return "the linker refuses it"
        for walk in WALKS:
            status, output = run([str(program), *walk, "--states", str(STATES), "--trace", "way.jsonl"], self.plain.changed)
            if status != 0:
                return output.decode(errors="replace")
        return None
