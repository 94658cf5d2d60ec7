"""test_check - what hypnotoad-sim --check says of records that were edited by hand (promises MGR-15, OBS-2).

traces/ holds records of a real server, with short PIDs: 101, 102 ... are workers of the first generation and 200 is the second
manager, whose predecessor is 100. Each row of EDITS makes one of them a lie, and says how it must be called."""
import os
import pathlib
import re
import subprocess

import pytest

SIM = os.environ["HYPNOTOAD_SIM"]
TRACES = pathlib.Path(__file__).with_name("traces")
RECORDS = ("late", "new", "old", "pool", "term", "young")
DEVIATION = re.compile(r"^(.+):(\d+): (.+) \(promise ([A-Z]+-\d+)\)$")


def drop(*numbers):
    """Leaves these lines out."""
    return lambda lines: [line for number, line in enumerate(lines, 1) if number not in numbers]


def put(number, *new):
    """Puts lines behind this one, at its time."""
    def edit(lines):
        time = re.match(r'\{"t":([\d.]+),', lines[number - 1]).group(1)
        return lines[:number] + [f'{{"t":{time},{text}}}' for text in new] + lines[number:]
    return edit


def move(number, behind):
    """Moves an action behind another line, to the time of that one."""
    def edit(lines):
        time = re.match(r'\{"t":([\d.]+),', lines[behind - 1]).group(1)
        moved = re.sub(r'^\{"t":[\d.]+,', f'{{"t":{time},', lines[number - 1])
        lines = lines[:behind] + [moved] + lines[behind:]
        del lines[number - 1 + (behind < number)]
        return lines
    return edit


def delay(number, seconds):
    """From this line on everything happens later."""
    def edit(lines):
        later = [re.sub(r'^\{"t":([\d.]+),', lambda time: f'{{"t":{float(time.group(1)) + seconds:.6f},', line)
                 for line in lines[number - 1:]]
        return lines[:number - 1] + later
    return edit


def change(number, old, new):
    """Replaces a text of this line."""
    def edit(lines):
        assert lines[number - 1].count(old) == 1, lines[number - 1]
        return lines[:number - 1] + [lines[number - 1].replace(old, new)] + lines[number:]
    return edit


def swap(number):
    """Exchanges this line and the next one."""
    return lambda lines: [*lines[:number - 1], lines[number], lines[number - 1], *lines[number + 1:]]


def both(*edits):
    def edit(lines):
        for one in edits:
            lines = one(lines)
        return lines
    return edit


def signal(pid, name, promise=None):
    return f'"action":"signal","pid":{pid},"signal":"{name}"' + (f',"promise":"{promise}"' if promise else "")


# (what was done, to which record, how, [(line, promise, words of the complaint)])
EDITS = [
    ("KILL comes late", "pool",
     move(67, 70),
     [(65, "MGR-4", "KILL to 103 was due here and comes 0.397638 s late, in line 70"),
      (70, "MGR-14", "KILL goes to process 103, which is no child that lives")]),
    ("KILL never comes", "pool",
     drop(66, 67),
     [(65, "MGR-4", "KILL to 103 is due here and does not come")]),
    ("everything from a KILL on is late", "term",
     delay(16, 3),
     [(16, "MGR-2", "what was due at 1.317278 is done 3.000427 s late, and the manager was not held up")]),
    ("everything from a QUIT on is late", "pool",
     delay(49, 2),
     [(49, "HBT-2", "what was due at 4.007652 is done 2.015380 s late, and the manager was not held up"),
      (51, "HBT-2", "QUIT to 103 comes here, for no reason"),
      (52, "MGR-11", '"spawn" comes here, for no reason')]),
    ("KILL comes early", "pool",
     both(put(61, signal(103, "KILL", "MGR-4")), drop(68)),
     [(62, "MGR-4", "worker 103 gets KILL 0.602167 s too early")]),
    ("TERM comes early", "pool",
     put(56, signal(103, "TERM", "MGR-4")),
     [(57, "MGR-4", "worker 103 is told to stop 0.101037 s too early"),
      (61, "MGR-4", "worker 103 gets TERM after TERM")]),
    ("QUIT comes before the silence was long enough", "pool",
     put(48, signal(103, "QUIT", "HBT-2")),
     [(49, "HBT-2", "worker 103 is asked to leave for no reason: it is neither silent nor one too many"),
      (52, "MGR-3", "worker 103 gets QUIT again")]),
    ("QUIT goes to a worker that beats", "pool",
     change(51, '"pid":103', '"pid":104'),
     [(51, "HBT-2", "worker 104 is asked to leave 0.299338 s too early: it was heard 0.500662 s ago"),
      (60, "MGR-4", "worker 103 is told to stop without being asked to leave"),
      (74, "MGR-3", "worker 104 gets QUIT again")]),
    ("QUIT comes twice", "pool",
     put(75, signal(104, "QUIT", "MGR-3")),
     [(76, "MGR-3", "worker 104 gets QUIT again")]),
    ("QUIT is repeated at a later event", "pool",
     put(76, signal(104, "QUIT", "MGR-3")),
     [(77, "MGR-3", "worker 104 gets QUIT again")]),
    ("QUIT is sent after TERM", "pool",
     put(82, signal(104, "QUIT", "MGR-3")),
     [(83, "MGR-5", "worker 104 gets QUIT after TERM")]),
    ("a worker is not told to leave", "pool",
     drop(75),
     [(72, "MGR-3", "QUIT to 105 is due here and does not come")]),
    ("the wrong worker is chosen", "pool",
     change(42, '"pid":102', '"pid":104'),
     [(42, "MGR-6", "QUIT to 104; it must be QUIT to 102"),
      (74, "MGR-3", "worker 104 gets QUIT again")]),
    ("TTOU retires two workers", "pool",
     put(42, signal(103, "QUIT", "MGR-6")),
     [(43, "MGR-6", "worker 103 is asked to leave, but none is one too many"),
      (52, "MGR-3", "worker 103 gets QUIT again")]),
    ("TTOU retires nobody", "pool",
     drop(41, 42),
     [(39, "MGR-6", "QUIT to 102 is due here and does not come")]),
    ("a dead worker is not replaced", "pool",
     drop(35),
     [(33, "MGR-1", '"spawn" is due here and does not come')]),
    ("a dead worker is replaced by two", "pool",
     put(35, '"action":"spawn","promise":"MGR-1"'),
     [(36, "MGR-1", "a worker is started, but 3 of 3 serve or start")]),
    ("a dead worker gets a signal", "pool",
     put(34, signal(101, "TERM", "MGR-2")),
     [(35, "MGR-14", "TERM goes to process 101, which is no child that lives")]),
    ("a stranger gets a signal", "pool",
     put(34, signal(4711, "TERM", "MGR-2")),
     [(35, "MGR-14", "TERM goes to process 4711, which is no child that lives")]),
    ("USR1 is not passed on", "pool",
     drop(21),
     [(18, "MGR-8", "USR1 to 102 is due here and does not come")]),
    ("USR1 is sent for no reason", "pool",
     put(24, signal(103, "USR1", "MGR-8")),
     [(25, "MGR-8", "worker 103 gets USR1, but the manager did not")]),
    ("a worker is started beside too many", "pool",
     put(53, '"action":"spawn","promise":"MGR-11"'),
     [(54, "MGR-1", "a worker is started, but 2 of 2 serve or start")]),
    ("a worker is started while the manager leaves", "pool",
     put(78, '"action":"spawn","promise":"MGR-1"'),
     [(79, "MGR-3", "a worker is started by a manager that ends")]),
    ("a worker that died young is replaced without a pause", "young",
     put(21, '"action":"spawn","promise":"MGR-1"'),
     [(22, "MGR-9", '"spawn" comes here, for no reason'),
      (33, "MGR-1", "a worker is started, but 4 of 4 serve or start")]),
    ("a lost PID file is not written", "pool",
     drop(27, 28),
     [(26, "PID-3", '"write_pid_file" is due here and does not come')]),
    ("the PID file is written without a reason", "pool",
     put(29, '"action":"write_pid_file","promise":"PID-3"'),
     [(30, "PID-3", "the PID file is written again, but it was not lost")]),
    ("the PID file stays behind", "pool",
     drop(87),
     [(85, "PID-1", '"remove_pid_file" is due here and does not come'),
      (87, "PID-1", "the manager ends, and its PID file stays")]),
    ("a foreign PID file is removed", "old",
     put(36, '"action":"remove_pid_file","promise":"PID-1"'),
     [(37, "PID-1", "a PID file is removed that is not this manager's")]),
    ("the manager ends before its workers", "term",
     move(22, 14),
     [(15, "MGR-2", "the manager ends, and workers are left: 1")]),
    ("the manager does not end", "term",
     drop(22),
     [(21, "MGR-2", 'the record ends here, before "exit"')]),
    ("the exit status is wrong", "term",
     change(22, '"status":0', '"status":1'),
     [(22, "MGR-2", "the exit status is 1; it must be 0")]),
    ("KILL comes without TERM", "term",
     drop(12),
     [(10, "MGR-2", "TERM to 101 is due here and does not come"),
      (17, "MGR-2", "worker 101 gets KILL without TERM before it")]),
    ("a log line is missing", "pool",
     drop(34),
     [(33, "OBS-3", '"Worker 101 died (signal 9)" is due here and does not come')]),
    ("a log line lies", "pool",
     change(34, "101 died", "102 died"),
     [(33, "OBS-3", '"Worker 101 died (signal 9)" is due here and does not come'),
      (34, "OBS-3", '"Worker 102 died (signal 9)" comes here, for no reason')]),
    ("the order of two actions is changed", "pool",
     swap(9),
     [(7, "MGR-15", "the actions of this event come in another order than decided"),
      (9, "PID-1", "the server is announced without its PID file")]),
    ("an action keeps another promise", "pool",
     change(51, "HBT-2", "MGR-6"),
     [(51, "HBT-2", "QUIT to 103 keeps the promise HBT-2, not MGR-6")]),
    ("time goes backwards", "pool",
     change(38, "2.707126", "2.507126"),
     [(38, "MGR-12", 'time goes backwards; "t" must be at least the one before, 2.520927')]),
    ("an action is not at the time of its event", "pool",
     change(60, "4.623727", "4.623728"),
     [(60, "MGR-15", "TERM to 103 is not at the time of its event, 4.623727")]),
    ("a worker appears that nobody started", "pool",
     put(25, '"event":"spawned","pid":109'),
     [(26, "MGR-15", '"spawned" must answer an action "spawn", and all of them are answered'),
      (36, "MGR-1", "a worker is started, but 3 of 3 serve or start"),
      (53, "MGR-1", "a worker is started, but 2 of 2 serve or start"),
      (88, "PID-1", "the PID file is removed before the manager's end"),
      (89, "MGR-3", "the manager ends, and workers are left: 1")]),
    ("the server is announced before its workers are ready", "pool",
     both(put(6, '"action":"write_pid_file","promise":"PID-1"', '"action":"announce","promise":"CLI-6"')),
     [(7, "PID-1", "the PID file is written by a manager that does not serve"),
      (8, "CLI-6", "the server is announced, but 1 of 2 workers serve")]),
    ("the new manager takes over before it asks", "old",
     both(put(21, '"action":"commit_upgrade","pid":200,"promise":"UPG-2"')),
     [(22, "UPG-1", "manager 200 is told to take over before it asks")]),
    ("the new manager is told twice to take over", "old",
     put(24, '"action":"commit_upgrade","pid":200,"promise":"UPG-2"'),
     [(25, "UPG-2", "manager 200 is told again to take over")]),
    ("the new manager is never told to take over", "old",
     drop(23),
     [(22, "UPG-2", '"commit_upgrade" of 200 is due here and does not come'),
      (36, "UPG-6", "the manager ends, and leaves the new one alone")]),
    ("the new manager asks before its workers have beaten", "new",
     put(6, '"action":"ask_takeover","promise":"UPG-2"'),
     [(7, "UPG-1", "the manager asks to take over, but 1 of 2 workers have beaten")]),
    ("the old manager is ended before it agrees", "new",
     put(10, signal(100, "QUIT", "UPG-2")),
     [(11, "UPG-2", "the old manager 100 gets QUIT before it has agreed"),
      (15, "MGR-14", "QUIT goes to process 100, which is no child that lives")]),
    ("the old manager gets TERM", "new",
     change(14, "QUIT", "TERM"),
     [(14, "UPG-2", "the old manager 100 gets TERM; it must get QUIT")]),
    ("the old manager is not ended", "new",
     drop(14),
     [(11, "UPG-2", "QUIT to 100 is due here and does not come")]),
    ("a second deployment begins beside the first", "late",
     put(14, '"action":"spawn_upgrade","promise":"UPG-1"'),
     [(15, "MGR-7", "a hot deployment begins, but one is under way")]),
    ("the late new manager gets KILL at once", "late",
     put(18, signal(200, "KILL", "UPG-4")),
     [(19, "UPG-4", "manager 200 gets KILL too early"),
      (22, "UPG-4", "manager 200 gets KILL after KILL")]),
    ("the late new manager is not killed", "late",
     drop(20, 21),
     [(19, "UPG-4", "KILL to 200 is due here and does not come")]),
    ("the late new manager takes over", "late",
     put(18, '"action":"commit_upgrade","pid":200,"promise":"UPG-2"'),
     [(19, "UPG-2", "manager 200 is told to take over after it was given up")]),
    ("the deployment is given up before its time", "late",
     put(14, '"action":"abort_upgrade","pid":200,"promise":"UPG-4"'),
     [(15, "UPG-4", "manager 200 is given up before its time is over")]),
    ("the deployment is over before its manager has ended", "late",
     put(14, '"action":"end_upgrade","promise":"UPG-5"'),
     [(15, "UPG-5", "the hot deployment is over, but nothing says so")]),
]


def run(*arguments, text=None):
    return subprocess.run([SIM, *arguments], capture_output=True, text=True, input=text, timeout=60)


def check(tmp_path, name, lines):
    path = tmp_path / f"{name}.jsonl"
    path.write_text("".join(line + "\n" for line in lines))
    return run("--check", path)


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_of_a_real_server_is_clean(name):
    done = run("--check", TRACES / f"{name}.jsonl")
    assert (done.returncode, done.stderr) == (0, "") and "no promise broken" in done.stdout, done


def test_several_records_are_checked_at_once():
    done = run("--check", *(TRACES / f"{name}.jsonl" for name in RECORDS))
    assert done.returncode == 0 and done.stdout.count("no promise broken") == len(RECORDS), done


@pytest.mark.parametrize("name, edit, expected", [row[1:] for row in EDITS], ids=[row[0].replace(" ", "_") for row in EDITS])
def test_an_edited_record_is_found_and_named(tmp_path, name, edit, expected):
    done = check(tmp_path, name, edit((TRACES / f"{name}.jsonl").read_text().splitlines()))
    found = [DEVIATION.match(line).groups() for line in done.stdout.splitlines()]
    assert (done.returncode, done.stderr) == (1, ""), done
    assert [(int(line), promise) for _, line, _, promise in found] == [row[:2] for row in expected], done.stdout
    for (_, _, text, _), (_, _, words) in zip(found, expected):
        assert words in text


def test_there_are_enough_edits():
    assert len(EDITS) >= 25 and len({row[0] for row in EDITS}) == len(EDITS)


START = '{"t":0,"event":"start","settings":{"workers":1}}\n{"t":0,"action":"spawn","promise":"MGR-1"}\n'

# (what is no record, its text, the line, words of the complaint)
BROKEN = [
    ("nothing", "", 1, 'the record holds no event; it must begin with "start"'),
    ("no JSON", "hypnotoad\n", 1, "not JSON"),
    ("an action before any event", '{"t":0,"action":"spawn"}\n', 1, "an action before any event"),
    ("an unknown event", START + '{"t":0,"event":"coffee"}\n', 3, '"event" is "coffee"; it must be one of:'),
    ("an unknown action", START + '{"t":0,"action":"dance"}\n', 3, '"action" is "dance"; it must be an action'),
    ("an unknown member", START + '{"t":0,"action":"spawn","hue":1}\n', 3, 'spawn has no member "hue"'),
    ("an unknown signal", START + '{"t":0,"action":"signal","pid":7,"signal":"HUP"}\n', 3,
     '"signal" is "HUP"; it must be one of: QUIT TERM KILL USR1'),
    ("no pid", START + '{"t":0,"action":"signal","signal":"QUIT"}\n', 3, '"pid" is missing; it must be an integer'),
    ("a promise that is too long", START + '{"t":0,"action":"spawn","promise":"SUPER-CALI"}\n', 3, '"promise" is "SUPER-CALI"'),
    ("a record that was cut", START + '{"t":0,"event":"spaw', 3, "the record is cut within this line"),
    ("an endless line", START + '{"t":0,"event":"' + "x" * 600000, 3, "the line is longer than 524288 bytes"),
]


@pytest.mark.parametrize("text, line, words", [row[1:] for row in BROKEN], ids=[row[0].replace(" ", "_") for row in BROKEN])
def test_what_is_no_record_gets_one_clear_line(text, line, words):
    done = run("--check", text=text)
    assert (done.returncode, done.stdout) == (1, ""), done
    assert done.stderr.count("\n") == 1 and done.stderr.startswith(f"stdin:{line}: ") and words in done.stderr, done.stderr


def test_a_missing_file_is_named():
    done = run("--check", "/nonexistent/trace")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "hypnotoad-sim: /nonexistent/trace: No such file or directory\n"


def test_a_record_that_begins_late_is_named():
    done = run("--check", text='{"t":0,"event":"tick"}\n')
    assert (done.returncode, done.stdout) == (1, 'stdin:1: the first event must be "start" (promise MGR-15)\n')


def test_deviations_without_end_are_counted():
    wrong = '{"t":0,"action":"signal","pid":4711,"signal":"QUIT"}\n'
    done = run("--check", text=START + wrong * 100)
    assert done.returncode == 1 and done.stdout.count("4711") == 64, done
    assert re.search(r"^stdin: \d+ deviations more$", done.stdout, re.MULTILINE)


@pytest.mark.parametrize("arguments", [("--check", "--replay"), ("--timeline", "--check"), ("-r", "-l")])
def test_one_thing_is_done_at_a_time(arguments):
    done = run(*arguments, "x")
    assert done.returncode == 2 and "exclude each other" in done.stderr and "Usage:" in done.stderr
