"""Faults of processes (rows P), and the table of all rows: which test shows that a fault does no harm.

The rows are those of the project's catalogue of faults: P of processes, S of signals, R of resources, files and time."""
import ast
import pathlib
import re
import time

import pytest

from harness import processes, stays_so, wait_until
from harness.build import ROOT
from harness.pipes import write_pipe
from harness_faults import memory_group, sweep
from harness_faults.strace import Injection, start_under
from harness_faults.tracer import Tracee

QUICK = {"heartbeat_interval": 0.25, "graceful_timeout": 1}

ROWS = {
    # A worker crashes; the kernel kills it; it crashes again and again.
    "P1": ["test_08_pool.py: test_a_worker_that_dies_is_replaced_at_once", "test_08_pool.py: test_the_others_serve_while_one_dies",
           "test_08_pool.py: test_a_worker_whose_application_crashes_is_replaced", "test_p1_a_death_behind_the_managers_look_is_seen_at_once"],
    "P2": ["test_p2_a_worker_without_memory_is_replaced", "test_08_pool.py: test_a_worker_that_dies_is_replaced_at_once"],
    "P3": ["test_10_young_deaths.py: test_workers_that_die_young_are_replaced_with_a_growing_pause",
           "test_10_young_deaths.py: test_the_manager_does_not_spin_while_it_waits",
           "test_10_young_deaths.py: test_the_manager_never_gives_up"],
    # It is stopped; not even KILL ends it; it loops; it blocks, but not for too long; the boundary between the two.
    "P4": ["test_13_heartbeats.py: test_a_silent_worker_is_stopped_after_interval_and_timeout_and_not_before",
           "test_09_stopping.py: test_a_frozen_worker_is_killed_a_second_after_force_began"],
    "P5": ["test_p5_a_worker_that_no_signal_ends_does_not_hold_the_manager_up"],
    "P6": ["test_13_heartbeats.py: test_a_worker_that_is_stuck_in_the_application_is_replaced"],
    "P7": ["test_p7_a_worker_that_is_blocked_for_less_than_the_timeout_stays",
           "test_13_heartbeats.py: test_a_worker_that_comes_back_in_time_is_not_stopped"],
    "P8": ["tests/unit/policy/test_manager_heartbeats.c: is_missed_exactly_after_interval_and_timeout"],
    # The manager is killed; it is stopped; it cannot fork; it cannot start.
    "P9": ["test_11_held_up.py: test_workers_leave_when_the_manager_dies", "test_p9_a_dead_manager_leaves_no_worker",
           "test_p9_without_a_manager_a_graceful_stop_is_forced_all_the_same",
           "test_p9_a_dead_manager_leaves_room_for_the_next_server"],
    "P10": ["test_11_held_up.py: test_after_a_gap_no_worker_is_replaced", "test_11_held_up.py: test_a_full_pipe_costs_beats_and_nothing_else",
            "test_11_held_up.py: test_the_service_goes_on_while_the_manager_is_stopped"],
    "P11": ["test_10_young_deaths.py: test_a_fork_that_fails_is_tried_again_with_growing_pauses",
            "test_10_young_deaths.py: test_a_start_without_any_fork_fails"],
    "P12": ["test_p12_each_call_of_the_start_may_fail", "test_p12_a_worker_that_cannot_start_fails_the_start"],
    # A child that is gone before it is known; numbers of others; children of others; beats of nobody.
    "P13": ["test_p13_a_worker_that_is_gone_before_it_is_known_is_no_stranger"],
    "P14": ["test_p14_a_foreign_number_is_never_signalled"],
    "P15": ["test_08_pool.py: test_a_child_that_is_not_ours_is_reaped_and_otherwise_ignored"],
    "P16": ["test_p16_a_beat_of_the_dead_changes_nothing", "test_13_heartbeats.py: test_beats_of_others_and_broken_ones_keep_nobody_alive",
            "test_13_heartbeats.py: test_beats_are_understood_however_they_are_torn"],
    "P17": ["test_09_stopping.py: test_a_graceful_stop_that_takes_too_long_is_forced"],
    "P18": ["test_18_clients.py: test_wrk_sees_no_error_although_workers_come_and_go",
            "test_12_workers.py: test_no_connection_is_lost_while_workers_come_and_go"],
    # Signals in storms, to nobody, at every moment, one after the other, to a stopped process; PIPE; an inherited disposition.
    "S1": ["test_32_faults_signals.py: test_s1_a_storm_of_signals_leaves_the_pool_right", "test_08_pool.py: test_a_hundred_paced_changes_leave_the_pool_right"],
    "S2": ["test_32_faults_signals.py: test_s2_no_signal_goes_to_a_group_or_to_everybody", "test_08_pool.py: test_ttou_at_0_does_nothing"],
    "S3": ["test_30_signal_at_every_call.py: test_s3_a_signal_at_each_call_of_the_managers_start",
           "test_30_signal_at_every_call.py: test_s3_a_signal_at_each_call_of_the_managers_service",
           "test_30_signal_at_every_call.py: test_s3_a_signal_at_each_call_of_a_workers_start",
           "test_30_signal_at_every_call.py: test_s3_a_signal_at_each_call_of_the_launcher"],
    "S4": ["test_09_stopping.py: test_term_after_quit_makes_the_stop_immediate", "test_32_faults_signals.py: test_s4_quit_after_term_changes_nothing",
           "test_30_signal_at_every_call.py: test_s4_a_signal_at_each_call_of_the_managers_stop"],
    "S5": ["test_11_held_up.py: test_signals_of_the_gap_are_not_lost"],
    "S6": ["test_12_workers.py: test_a_client_that_resets_while_it_is_written_to_harms_no_worker",
           "test_12_workers.py: test_every_other_signal_leaves_a_worker_running"],
    "S7": ["test_32_faults_signals.py: test_s7_what_the_parent_ignored_and_blocked_does_not_matter"],
    # Nothing to accept with, accepting that fails, no memory, no space, no log.
    "R1": ["test_33_faults_resources.py: test_r1_without_descriptors_a_worker_waits_and_goes_on",
           "test_33_faults_resources.py: test_r1_what_is_missing_is_missed_slowly"],
    "R2": ["test_33_faults_resources.py: test_r2_an_accept_that_fails_is_tried_again"],
    "R3": ["test_33_faults_resources.py: test_r3_memory_that_fails_ends_a_request_or_a_worker_in_order",
           "test_33_faults_resources.py: test_r3_a_manager_that_serves_needs_no_memory"],
    "R4": ["test_34_faults_files.py: test_r4_a_pid_file_that_cannot_be_written_fails_the_start",
           "test_34_faults_files.py: test_r4_a_pid_file_that_cannot_be_written_again_ends_nobody", "test_03_bad_input.py: test_a_pid_file_on_a_full_disk"],
    "R5": ["test_34_faults_files.py: test_r5_a_log_on_a_full_disk_stops_nothing", "test_34_faults_files.py: test_r5_a_log_that_nobody_reads_stops_nothing",
           "test_34_faults_files.py: test_r5_a_log_whose_reader_is_gone_stops_nothing", "test_03_bad_input.py: test_a_start_without_standard_streams"],
    # The PID file: stale, fought for, deleted, another one's. The lock file. A holder of the lock that stops.
    "R6": ["test_15_pid_file.py: test_a_stale_file_is_replaced", "test_34_faults_files.py: test_r6_what_is_no_file_of_ours_is_left_alone",
           "test_34_faults_files.py: test_r6_a_stale_file_of_any_content_is_replaced"],
    "R7": ["test_34_faults_files.py: test_r7_of_many_starts_at_once_one_wins"],
    "R8": ["test_15_pid_file.py: test_it_is_written_again_when_it_was_deleted"],
    "R9": ["test_15_pid_file.py: test_another_ones_file_is_not_removed"],
    "R10": ["test_14_accept_mutex.py: test_a_lock_file_that_is_deleted_changes_nothing", "test_03_bad_input.py: test_a_lock_file_that_cannot_be_opened",
            "test_34_faults_files.py: test_r10_a_lock_that_cannot_be_had_does_not_make_the_server_deaf"],
    "R11": ["test_34_faults_files.py: test_r11_a_worker_that_stops_with_the_lock_in_hand_makes_nobody_deaf",
            "test_14_accept_mutex.py: test_the_lock_of_a_worker_that_died_is_free"],
    # Clocks that jump, limits of the process, settings beyond reason.
    "R12": ["test_35_faults_clocks.py: test_r12_a_jump_of_the_wall_clock_changes_nothing"],
    "R13": ["test_35_faults_clocks.py: test_r13_a_jump_of_the_monotonic_clock_punishes_nobody"],
    "R14": ["test_33_faults_resources.py: test_r14_a_log_at_its_largest_size_ends_nobody", "test_33_faults_resources.py: test_r14_little_room_is_told_or_enough"],
    "R15": ["test_05_configuration.py: test_a_wrong_setting_is_shown_with_its_place", "test_33_faults_resources.py: test_r15_numbers_beyond_reason_are_refused"],
}


def names_in(path):
    if path.suffix == ".py":
        return {node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}
    return set(re.findall(r"^Test\(\w+, (\w+)", path.read_text(), re.MULTILINE))


@pytest.mark.promise("MGR-1")
def test_each_row_of_the_faults_is_shown_by_tests_that_exist():
    wanted = [f"{kind}{number}" for kind, most in (("P", 18), ("S", 7), ("R", 15)) for number in range(1, most + 1)]
    assert list(ROWS) == wanted
    here = pathlib.Path(__file__)
    missing = []
    for row, tests in ROWS.items():
        assert tests, row
        for test in tests:
            file, _, name = test.rpartition(": ")
            path = ROOT / file if "/" in file else here.parent / (file or here.name)
            missing += [] if path.exists() and name in names_in(path) else [f"{row}: {test}"]
    assert not missing, missing


# ---- P1, P2: a worker dies ----

@pytest.mark.promise("MGR-1", "MGR-13")
def test_p1_a_death_behind_the_managers_look_is_seen_at_once(start):
    """One worker dies, the manager looks for dead children, and only then another one dies: the manager may not wait for anything."""
    server = start("hello", workers=3)
    server.excuse("deaths", "the test kills workers")
    first, second, _ = server.workers()
    with Tracee(server.manager) as manager:
        server.signal("KILL", first)
        # The look that finds the first one dead, and the one that finds nobody else.
        sweep.follow(manager, lambda call, count: call.name == "waitid")
        sweep.follow(manager, lambda call, count: call.name == "waitid")
        manager.resume()
        server.signal("KILL", second)
        wait_until(lambda: not processes.lives(second), "the second worker to die")
        sweep.follow(manager, lambda call, count: call.name == "poll")
        assert manager.result() > 0, "the wait ends because something happened, not because it was over"
    server.await_workers(3)


@pytest.mark.promise("MGR-1")
def test_p2_a_worker_without_memory_is_replaced(start):
    """The kernel's own killer, in a group of processes that may have little memory."""
    group = memory_group.MemoryGroup.make(48 << 20)
    if group is None:
        pytest.skip("there is no memory group that this process may change; KILL from outside stands for it in test_08")
    with group:
        server = start("probe", workers=2)
        server.excuse("deaths", "the kernel kills a worker")
        other, victim = server.workers()
        group.add(victim)
        while processes.lives(victim):
            with server.connect() as connection:
                if connection.get("/pid").number == victim:
                    connection.ask("/large?bytes=64000000")
                    connection.read_rest_or_reset()
        assert server.await_trace(event="exited", pid=victim)["signal"] == 9
        assert other in server.await_workers(2) and server.get("/").status == 200


# ---- P5, P7: a worker that hangs ----

@pytest.mark.promise("MGR-1", "MGR-11", "HBT-6")
def test_p5_a_worker_that_no_signal_ends_does_not_hold_the_manager_up(start, tmp_path):
    """The worker is stopped and the manager's signals do not arrive: for the manager, one that not even KILL ends."""
    server = start("hello", workers=2, heartbeat_timeout=3, **QUICK)
    victim, other = server.workers()
    with Injection(server.manager, tmp_path / "strace", "kill:retval=0"):
        server.freeze(victim)
        server.await_trace(action="signal", signal="KILL", pid=victim)
        wait_until(lambda: len(server.ready_workers()) == 3, "a replacement beside the one that stays", seen=server.describe)
        before, lines = processes.cpu_seconds(server.manager), len(server.trace.find(action="signal"))
        assert other in server.workers() and server.get("/").status == 200
        stays_so(lambda: len(server.workers()) == 3, 1.5, "the pool")
        assert processes.cpu_seconds(server.manager) - before < 0.5
        assert len(server.trace.find(action="signal")) == lines, "it is not told again and again"
    server.signal("KILL", victim)
    server.await_gone(victim)
    server.await_trace(event="exited", pid=victim)
    server.await_workers(2)


@pytest.mark.promise("HBT-2")
def test_p7_a_worker_that_is_blocked_for_less_than_the_timeout_stays(start):
    server = start("probe", workers=1, heartbeat_interval=0.25, heartbeat_timeout=20)
    worker, = server.workers()
    for _ in range(20):
        assert server.get("/block?s=0.1").text == "blocked"
    assert server.get("/pid").number == worker and not server.trace.find(action="signal")


# ---- P9: the manager is killed ----

def kill_manager(server):
    server.excuse("replay", "the manager was killed in the middle")
    server.excuse("files", "nobody is left to remove the PID file")
    server.signal("KILL")
    server.process.wait(10)


@pytest.mark.promise("WRK-6")
@pytest.mark.parametrize("path", [None, "/block?s=1"], ids=["idle", "busy"])
def test_p9_a_dead_manager_leaves_no_worker(start, path):
    server = start("probe", workers=2)
    workers = server.workers()
    with server.connect() as connection:
        if path:
            connection.ask(path)
            connection.await_taken()
        kill_manager(server)
        if path:
            assert connection.read_answer().status == 200
    for pid in workers:
        server.await_gone(pid)


@pytest.mark.promise("WRK-6", "MGR-4")
def test_p9_without_a_manager_a_graceful_stop_is_forced_all_the_same(start):
    """Nobody is left to send TERM after graceful_timeout."""
    server = start("probe", workers=1, graceful_timeout=1)
    worker, = server.workers()
    with server.connect() as connection:
        connection.ask("/slow?s=3600")
        wait_until(lambda: server.get("/"), "the request to be under way")
        began = time.monotonic()
        kill_manager(server)
        assert server.await_gone(worker) - began >= 1.0
        assert connection.read_rest_or_reset() == b""


@pytest.mark.promise("WRK-6", "PID-4")
def test_p9_a_dead_manager_leaves_room_for_the_next_server(start, prepare):
    """A frozen worker, too, leaves as soon as it runs again; then address and PID file are free."""
    server = start("probe", workers=2)
    frozen, other = server.workers()
    server.freeze(frozen)
    kill_manager(server)
    server.await_gone(other)
    server.signal("CONT", frozen)
    server.await_gone(frozen)
    successor = prepare("probe", config=server.config_file.read_text().replace(":0'", f":{server.port}'"))
    successor.pid_file = server.pid_file
    successor.start()
    assert successor.get("/").status == 200
    assert successor.stop("QUIT") == 0


# ---- P12: a start that fails ----

# What cannot fail, and what a program asks of the kernel before it is one or in the middle of malloc().
UNTOUCHED = {"getpid", "exit_group", "execve", "arch_prctl", "set_tid_address", "set_robust_list", "rseq", "brk", "mmap", "munmap", "mprotect",
             "rt_sigaction", "sigaltstack", "gettid", "poll", "clone", "vfork", "fork"}
REASONS = {"openat": "EMFILE", "read": "EIO", "write": "ENOSPC", "socket": "EMFILE", "pipe2": "EMFILE", "signalfd4": "EMFILE", "flock": "ENOLCK",
           "bind": "EADDRINUSE", "listen": "EADDRINUSE", "wait4": "EINTR", "fchmod": "EPERM", "setsockopt": "ENOPROTOOPT"}


def calls_that_may_fail(calls):
    """(name, its number among the calls of that name) of each call of the program itself."""
    first = next(index for index, call in enumerate(calls) if call.path == "/dev/null")
    counts, found = {}, []
    for index, call in enumerate(calls):
        counts[call.name] = counts.get(call.name, 0) + 1
        if index >= first and call.name not in UNTOUCHED:
            found.append((call.name, counts[call.name]))
    return found


def judge_failed_call(server, name, number):
    reason = REASONS.get(name, "EIO")
    log = start_under(server, f"{name}:error={reason}:when={number}")
    if name in ("unlink", "write", "newfstatat"):
        server.excuse("replay", "the trace may lack what could not be written")
        server.excuse("files", "what cannot be removed, or be shown to be its own, stays")
    if name == "setsockopt":
        server.excuse("address", "without its option the address is taken for a while")
    server.launch()
    # It cannot be announced if that is the call that fails.
    wait_until(lambda: server.process.poll() is not None or server.pid_text().endswith("\n"), "a decision", seen=server.describe)
    if server.process.poll() is None:
        server.manager = int(server.pid_text())
        wait_until(lambda: len(server.workers()) == 2, "both workers", seen=server.describe)
        sweep.end_serving(server)
    else:
        assert server.process.returncode == 1, server.describe()
        assert "hypnotoad: " in server.stderr or " error " in server.stderr or name == "write", server.describe()
    text = log.read_text(errors="replace")
    return "not reached" if "(INJECTED)" not in text else "refused" if server.manager is None else "served"


@pytest.fixture
def shooting(build, tmp_path):
    place = sweep.Range(build, tmp_path, workers=2)
    yield place
    place.end()


@pytest.mark.promise("CLI-5", "PID-5", "MGR-10")
@pytest.mark.parametrize("share", range(2 * sweep.SHARES))
def test_p12_each_call_of_the_start_may_fail(shooting, share):
    """The server says so and leaves nothing, or does without."""
    found = calls_that_may_fail(shooting.record(sweep.record_start))
    outcomes = {}
    for name, number in found[share::2 * sweep.SHARES]:
        server = shooting.prepare()
        what = f"{name} {number}"
        shooting.judge(server, what, lambda: outcomes.update({what: judge_failed_call(server, name, number)}))
    print(outcomes)


@pytest.mark.promise("CLI-5", "CLI-6")
@pytest.mark.parametrize("injection", ["epoll_create1:error=EMFILE", "epoll_create1:error=ENOMEM"])
def test_p12_a_worker_that_cannot_start_fails_the_start(prepare, injection):
    """Only workers make these calls."""
    server = prepare("hello")
    server.excuse("deaths", "workers fail or abort")
    start_under(server, injection, more=["-f"])
    server.launch()
    assert server.process.wait(60) == 1, server.describe()
    assert "The start failed" in server.stderr and server.stdout == ""


# ---- P13 to P16: who is who ----

@pytest.mark.promise("MGR-1", "MGR-9", "MGR-14")
def test_p13_a_worker_that_is_gone_before_it_is_known_is_no_stranger(prepare, tmp_path):
    """The manager's fork returns long after the new worker has died."""
    server = prepare("crashing_later", workers=2)
    crash = server.directory / "crash"
    server.environment["CRASH_WHEN_EXISTS"] = str(crash)
    server.excuse("deaths", "the application crashes on purpose")
    server.start()
    crash.touch()
    with Injection(server.manager, tmp_path / "strace", "clone,clone3,fork,vfork:delay_exit=300000"):
        server.signal("KILL", server.workers()[0])
        wait_until(lambda: len(server.trace.worker_ends()) >= 3, "three deaths", seen=server.describe)
        crash.unlink()
    server.await_workers(2)
    spawned = {line["pid"] for line in server.trace.find(event="spawned")}
    assert {end["pid"] for end in server.trace.worker_ends()} <= spawned
    assert "it was no worker" not in server.stderr


@pytest.mark.promise("WRK-9", "CLI-10")
def test_p14_a_foreign_number_is_never_signalled(start, prepare, command, build):
    """Neither a variable nor a PID file makes a process ours."""
    stranger = start("probe", workers=1)
    for name in ("HYPNOTOAD_PID", "HYPNOTOAD_REV", "HYPNOTOAD_UPGRADE"):
        other = prepare("hello", environment={name: str(stranger.manager)}).start()
        assert other.stop("QUIT") == 0
    arguments = command.configure()
    command.pid_file.write_text(f"{stranger.manager}\n")
    result = command(*arguments, "--stop", build.app("hello"))
    assert (result.status, result.stdout) == (0, "Hypnotoad server not running.\n")
    assert stranger.get("/").status == 200 and not stranger.trace.find(event="signal")


@pytest.mark.promise("HBT-4", "MGR-1")
def test_p16_a_beat_of_the_dead_changes_nothing(start):
    server = start("hello", workers=2, heartbeat_timeout=20, **QUICK)
    server.excuse("deaths", "the test kills a worker")
    victim, other = server.workers()
    server.signal("KILL", victim)
    server.await_trace(event="exited", pid=victim)
    workers = server.await_workers(2)
    for _ in range(20):
        write_pipe(server, b"%d\n%d:1\n" % (victim, victim))
    lines = len(server.trace.beats(other))
    wait_until(lambda: len(server.trace.beats(other)) > lines + 2, "the manager to go on", seen=server.describe)
    assert server.workers() == workers and not server.trace.find(action="signal")
