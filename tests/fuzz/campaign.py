#!/usr/bin/python3
"""campaign - runs the fuzz targets, keeps what they find and adds up how long they ran; the hands of ci/fuzz.

Everything it writes is below one folder, build/fuzz, but for merge:
    campaign/TARGET/corpus      inputs that reached something new; the next run begins with them
    campaign/TARGET/findings    inputs that a target did not survive
    campaign.tsv                a line for each finished slice of a run"""
import argparse
import concurrent.futures
import configparser
import contextlib
import csv
import datetime
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
COLUMNS = ("finished", "target", "engine", "seconds", "cpu_seconds", "executions", "inputs", "edges", "findings")
# A run that is interrupted loses no more than one slice of its account.
SLICE_SECONDS = 300
INTERRUPTED = threading.Event()
TURN = threading.Lock()
RUNNING = set()
FINDINGS = ("crash-", "leak-", "timeout-", "oom-")
SANITIZERS = {  # for libFuzzer
    "ASAN_OPTIONS": "allocator_may_return_null=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
}
SANITIZERS_AFL = {  # which wants a signal, and has no use for words
    "ASAN_OPTIONS": "abort_on_error=1:symbolize=0:detect_leaks=0:allocator_may_return_null=1",
    "UBSAN_OPTIONS": "abort_on_error=1:halt_on_error=1:symbolize=0",
}


class Target:
    def __init__(self, name, room, build, home):
        self.name, self.room, self.home = name, room, home
        self.binary = build / "tests/fuzz" / f"fuzz_{name}"
        self.dictionary = HERE / "dict" / f"{name}.dict"
        self.seeds = HERE / "corpus" / name
        self.folder = home / "campaign" / name
        self.corpus = self.folder / "corpus"
        self.findings = self.folder / "findings"
        options = configparser.ConfigParser()
        options.read(HERE / "options" / f"{name}.options")
        self.max_len = options.getint("libfuzzer", "max_len", fallback=4096)
        self.bounded_runs = options.getint("bounded", "runs", fallback=2000)

    def prepare(self):
        self.corpus.mkdir(parents=True, exist_ok=True)
        self.findings.mkdir(parents=True, exist_ok=True)

    def arguments(self, findings):
        return [str(self.binary), f"-dict={self.dictionary}", f"-max_len={self.max_len}", "-timeout=30", "-rss_limit_mb=2560",
                "-print_final_stats=1", f"-artifact_prefix={findings}/"]

    def found(self):
        return sorted(path for path in self.findings.glob("*") if path.name.startswith(FINDINGS))


def read_targets(build, home):
    lines = (build / "tests/fuzz/targets").read_text().split("\n")
    return [Target(*line.split(" "), build, home) for line in lines if line]


def choose(targets, names):
    known = {target.name: target for target in targets}
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit(f"No fuzz target \"{unknown[0]}\": there are {', '.join(sorted(known))}.")
    return [known[name] for name in names] if names else targets


# ---- The account

def note(home, row):
    path = home / "campaign.tsv"
    is_new = not path.exists()
    with path.open("a") as file:
        if is_new:
            file.write("\t".join(COLUMNS) + "\n")
        file.write("\t".join(str(row[column]) for column in COLUMNS) + "\n")


def read_account(home):
    path = home / "campaign.tsv"
    if not path.exists():
        return []
    with path.open() as file:
        return list(csv.DictReader(file, delimiter="\t"))


def sum_up(rows, target):
    """Minutes of CPU time, executions and executions a second of it of both engines; edges as libFuzzer counts them."""
    mine = [row for row in rows if row["target"] == target]
    seconds = sum(float(row["cpu_seconds"]) for row in mine)
    executions = sum(int(row["executions"]) for row in mine)
    edges = max((int(row["edges"]) for row in mine if row["engine"] == "libfuzzer"), default=0)
    return seconds / 60, executions, executions / seconds if seconds else 0, edges


def minutes_of(target):
    return sum_up(read_account(target.home), target.name)[0]


def print_status(home, targets):
    rows = read_account(home)
    print(f"{'target':<16} {'minutes':>8} {'executions':>12} {'a second':>9} {'edges':>6} {'inputs':>6} {'findings':>8}")
    for target in targets:
        minutes, executions, rate, edges = sum_up(rows, target.name)
        inputs = len(list(target.corpus.glob("*"))) if target.corpus.exists() else 0
        print(f"{target.name:<16} {minutes:>8.1f} {executions:>12} {rate:>9.0f} {edges:>6} {inputs:>6} {len(target.found()):>8}")


# ---- libFuzzer

def number_of(text, pattern):
    found = re.findall(pattern, text)
    return int(found[-1]) if found else 0


def read_run(text):
    """Executions and edges that libFuzzer tells at its end."""
    executions = number_of(text, r"stat::number_of_executed_units:\s+(\d+)") or number_of(text, r"(?m)^#(\d+)")
    return executions, number_of(text, r"\bcov: (\d+)")


def run_slice(target, seconds, number):
    """One process; its log is kept. The exit status is not 0 for a finding."""
    began = time.monotonic()
    log = target.folder / f"log.{number}"
    with log.open("wb") as file:
        process = subprocess.Popen([*target.arguments(target.findings), f"-max_total_time={max(1, int(seconds))}", "-reload=1",
                                    str(target.corpus), str(target.seeds)], stdout=file, stderr=file,
                                   env={**os.environ, **SANITIZERS})
        RUNNING.add(process)
        if INTERRUPTED.is_set():
            process.terminate()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        RUNNING.discard(process)
    executions, edges = read_run(log.read_text(errors="replace"))
    note(target.home, {
        "finished": datetime.datetime.now().isoformat(timespec="seconds"), "target": target.name, "engine": "libfuzzer",
        "seconds": round(time.monotonic() - began, 1), "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "executions": executions, "edges": edges, "inputs": len(list(target.corpus.glob("*"))), "findings": len(target.found())})
    return process.returncode


def run_target(target, minutes, number):
    """Slices until the time is over; ends at a finding, which would only be found again."""
    target.prepare()
    before = set(target.found())
    left = minutes * 60
    status = 0
    while left > 0 and status == 0 and not INTERRUPTED.is_set():
        status = run_slice(target, min(left, SLICE_SECONDS), number)
        left -= SLICE_SECONDS
    in_all, executions, rate, edges = sum_up(read_account(target.home), target.name)
    print(f"{target.name}: {executions} executions in {in_all:.1f} minutes so far, {rate:.0f} a second, {edges} edges", flush=True)
    new = sorted(set(target.found()) - before)
    if status != 0 and not new and not INTERRUPTED.is_set():
        return [f"{target.name} ended with status {status} and left no input; see {target.folder}/log.{number}"]
    return [f"{target.name} does not survive {path}\n    replay: {target.binary} {path}" for path in new]


def run_up_to(waiting, minutes, number):
    """Slices of what has run least so far, until each has run so many minutes of CPU time; a finding takes a target out."""
    complaints = []
    while not INTERRUPTED.is_set():
        with TURN:
            target = min(waiting, key=minutes_of, default=None)
            if target is None or minutes_of(target) >= minutes:
                return complaints
            waiting.remove(target)
        wrong = run_target(target, min(SLICE_SECONDS / 60, minutes - minutes_of(target)), number)
        complaints += wrong
        if not wrong:
            with TURN:
                waiting.append(target)
    return complaints


def run_all(targets, minutes, total, jobs):
    # More processes than targets share the work of one: they read each other's inputs.
    copies = jobs if len(targets) == 1 else 1
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        if total is not None:
            waiting = targets * copies
            runs = [pool.submit(run_up_to, waiting, total, number) for number in range(min(jobs, len(waiting)))]
        else:
            runs = [pool.submit(run_target, target, minutes, number) for target in targets for number in range(copies)]
        try:
            return sorted({complaint for run in runs for complaint in run.result()})
        except (KeyboardInterrupt, SystemExit):
            INTERRUPTED.set()
            # libFuzzer still tells what it has done. A shell's background command would ignore INT.
            for process in list(RUNNING):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGTERM)
            raise


def run_bounded(target):
    """The same inputs each time: a fixed seed, a fixed number, addresses that stay, and a corpus that nobody keeps."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as corpus, tempfile.TemporaryDirectory() as findings:
        done = subprocess.run(["setarch", "-R", *target.arguments(findings), "-seed=1", "-reload=0", f"-runs={target.bounded_runs}", corpus, str(target.seeds)],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, **SANITIZERS})
        text = done.stdout.decode(errors="replace")
        executions, edges = read_run(text)
        print(f"{target.name}: {executions} executions, {edges} edges, {time.monotonic() - began:.1f} s", flush=True)
        if done.returncode == 0:
            return []
        target.prepare()
        kept = [shutil.copy(path, target.findings) for path in sorted(pathlib.Path(findings).glob("*"))]
        return [f"{text[-3000:]}\n{target.name} ended with status {done.returncode}: {path}\n    replay: {target.binary} {path}"
                for path in kept or ["no input is left"]]


def merge(target):
    """What reaches another edge than the corpus of the repository does becomes part of it; how often it does so would be too
    much of a reason."""
    target.prepare()
    before = set(target.seeds.glob("*"))
    done = subprocess.run([*target.arguments(target.findings), "-set_cover_merge=1", "-use_counters=0", str(target.seeds),
                           str(target.corpus)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env={**os.environ, **SANITIZERS})
    new = set(target.seeds.glob("*")) - before
    print(f"{target.name}: {len(new)} inputs, {sum(path.stat().st_size for path in new)} bytes are new", flush=True)
    return [] if done.returncode == 0 else [f"{target.name}: the merge ended with status {done.returncode}"]


# ---- AFL++

def run_afl(target, minutes):
    """The grown corpus goes in, and what AFL adds goes back into it."""
    target.prepare()
    out = target.folder / "out"
    seeds = target.folder / "in"
    shutil.rmtree(seeds, ignore_errors=True)
    shutil.copytree(target.seeds, seeds)
    environment = {**os.environ, **SANITIZERS_AFL, "AFL_NO_UI": "1", "AFL_SKIP_CPUFREQ": "1", "AFL_AUTORESUME": "1",
                   "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES": "1", "AFL_NO_AFFINITY": "1", "AFL_TESTCACHE_SIZE": "50",
                   "AFL_FORKSRV_INIT_TMOUT": "20000"}
    before = read_afl(out)
    began = time.monotonic()
    cpu_before = children_cpu_seconds()
    with (target.folder / "log.afl").open("wb") as log:
        status = subprocess.run(["afl-fuzz", "-i", str(seeds), "-o", str(out), "-x", str(target.dictionary), "-m", "none",
                                 "-t", "5000", "-V", str(int(minutes * 60)), "-G", str(target.max_len), "--",
                                 str(target.binary)], stdout=log, stderr=log, env=environment).returncode
    after = read_afl(out)
    crashes = [*out.glob("*/crashes/id:*"), *out.glob("*/hangs/id:*")]
    for path in crashes:
        shutil.copy(path, target.findings / f"crash-afl-{path.name.replace(':', '_')}")
    for path in out.glob("*/queue/id:*"):
        shutil.copy(path, target.corpus / f"afl-{path.name.replace(':', '_')}")
    # After a resumed run afl-fuzz counts on from where it was.
    executions = after["execs_done"] - (before["execs_done"] if after["execs_done"] >= before["execs_done"] else 0)
    note(target.home, {
        "finished": datetime.datetime.now().isoformat(timespec="seconds"), "target": target.name, "engine": "afl",
        "seconds": round(time.monotonic() - began, 1), "cpu_seconds": round(children_cpu_seconds() - cpu_before, 1),
        "executions": executions, "edges": after["edges_found"],
        "inputs": after["corpus_count"], "findings": len(crashes)})
    print(f"{target.name}: {executions} executions by AFL++, {after['corpus_count']} inputs, {after['edges_found']} edges", flush=True)
    if status != 0:
        return [f"{target.name}: afl-fuzz ended with status {status}; see {target.folder}/log.afl"]
    return [f"{target.name} does not survive {path}\n    replay: {target.binary} {path}" for path in crashes]


def children_cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def read_afl(out):
    values = dict.fromkeys(("execs_done", "edges_found", "corpus_count"), 0)
    for path in out.glob("*/fuzzer_stats"):
        for key, value in re.findall(r"(?m)^(\w+)\s*: (\d+)$", path.read_text()):
            if key in values:
                values[key] += int(value)
    return values


# ---- Coverage

def cover(target):
    """Lines and branches of the files of its room that the target reaches, with the seeds and what has grown."""
    profile = target.folder / "profile.raw"
    merged = target.folder / "profile"
    target.prepare()
    inputs = [str(folder) for folder in (target.seeds, target.corpus) if any(folder.iterdir())]
    done = subprocess.run([str(target.binary), *inputs], env={**os.environ, "LLVM_PROFILE_FILE": str(profile)}, capture_output=True)
    if done.returncode != 0:
        return None, [f"{target.name}: the replay ended with status {done.returncode}: {done.stderr.decode(errors='replace')[-500:]}"]
    subprocess.run(["llvm-profdata-14", "merge", "-sparse", str(profile), "-o", str(merged)], check=True)
    said = subprocess.run(["llvm-cov-14", "export", "-summary-only", f"-instr-profile={merged}", str(target.binary)],
                          check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    room = f"/src/{target.room}/"
    files = [file for file in json.loads(said)["data"][0]["files"] if room in file["filename"]]
    reached = [file["summary"] for file in files if file["summary"]["lines"]["covered"] > 0]
    return {kind: tuple(sum(file[kind][what] for file in reached) for what in ("covered", "count"))
            for kind in ("lines", "branches")} | {"files": (len(reached), len(files))}, []


def share(pair):
    return f"{100 * pair[0] / pair[1]:.1f} % of {pair[1]}" if pair[1] else "none"


def print_coverage(targets):
    complaints = []
    print(f"{'target':<16} {'room':<8} {'files reached':>14} {'their lines':>16} {'their branches':>16}")
    for target in targets:
        found, wrong = cover(target)
        complaints += wrong
        if found is not None:
            print(f"{target.name:<16} {target.room:<8} {found['files'][0]:>6} of {found['files'][1]:<4} "
                  f"{share(found['lines']):>16} {share(found['branches']):>16}", flush=True)
    return complaints


# ----

def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("order", choices=("run", "bounded", "merge", "afl", "coverage", "status"))
    parser.add_argument("build", type=pathlib.Path, help="where the targets are")
    parser.add_argument("home", type=pathlib.Path, help="where the campaign is")
    parser.add_argument("targets", nargs="*")
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--total", type=float, help="minutes of CPU time in all, earlier runs counted")
    parser.add_argument("--jobs", type=int, default=1)
    given = parser.parse_intermixed_args()
    if given.total is not None and given.order != "run":
        parser.error("--total is for runs of libFuzzer")
    # A run that is told to stop ends its children and keeps what they have found.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    targets = choose(read_targets(given.build, given.home), given.targets)
    complaints = []
    if given.order == "status":
        print_status(given.home, targets)
    elif given.order == "run":
        complaints = run_all(targets, given.minutes, given.total, given.jobs)
    elif given.order == "coverage":
        complaints = print_coverage(targets)
    elif given.order == "afl":
        for target in targets:
            complaints += run_afl(target, given.minutes)
    else:
        with concurrent.futures.ThreadPoolExecutor(given.jobs) as pool:
            for wrong in pool.map(run_bounded if given.order == "bounded" else merge, targets):
                complaints += wrong
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    sys.exit(1 if complaints else 0)


if __name__ == "__main__":
    main()
