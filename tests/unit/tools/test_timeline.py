"""test_timeline - the pictures that hypnotoad-sim --timeline draws of traces (promise OBS-2)."""
import os
import pathlib
import re
import subprocess
import xml.etree.ElementTree

import pytest

SIM = os.environ["HYPNOTOAD_SIM"]
TRACES = pathlib.Path(__file__).with_name("traces")
PICTURE = pathlib.Path(__file__).parents[3] / "docs/upgrade.svg"
SVG = "{http://www.w3.org/2000/svg}"
START = '{"t":0,"event":"start","settings":{"workers":1}}\n'
NEXT = '{"t":0,"event":"start","predecessor":100,"settings":{"workers":1}}\n'


def run(*files, text=None, cwd=TRACES):
    return subprocess.run([SIM, "--timeline", *files], capture_output=True, input=text, cwd=cwd, timeout=60)


def draw(*files, text=None, cwd=TRACES):
    done = run(*files, text=text, cwd=cwd)
    assert (done.returncode, done.stderr) == (0, b""), done
    return xml.etree.ElementTree.fromstring(done.stdout)


def titles(picture):
    return [title.text for title in picture.iter(f"{SVG}title")][1:]


def labels(picture):
    return [text.text for text in picture.iter(f"{SVG}text") if text.get("class") == "l"]


def span(picture, name):
    """Where a row's bar begins and ends."""
    group = next(group for group in picture.iter(f"{SVG}g") if group.findtext(f"{SVG}title", "").startswith(f"{name}, "))
    bars = group.findall(f"{SVG}rect")
    return float(bars[0].get("x")), float(bars[-1].get("x")) + float(bars[-1].get("width"))


def test_the_picture_in_the_documentation_is_what_the_command_draws():
    assert run("old.jsonl", "new.jsonl").stdout == PICTURE.read_bytes()


def test_one_trace_gives_the_same_bytes_again():
    assert run("pool.jsonl").stdout == run("pool.jsonl").stdout


def test_every_worker_has_a_bar_as_long_as_its_life():
    picture = draw("pool.jsonl")
    assert [title.split(",")[0] for title in titles(picture) if ", generation 1: " in title] == \
        ["manager", *(f"worker {pid}" for pid in (101, 102, 103, 104, 105))]
    left, right = span(picture, "manager")
    lives = {"worker 101": (0.000388, 2.518654), "worker 103": (0.70624, 5.624345), "worker 104": (2.51878, 8.148834)}
    for name, (born, ended) in lives.items():
        expected = [left + (right - left) * time / 8.148834 for time in (born, ended)]
        assert span(picture, name) == pytest.approx(expected, abs=0.2)


def test_bars_say_how_a_life_went():
    found = titles(draw("pool.jsonl"))
    assert ("worker 103, generation 1: from 0.706 s, serves from 0.706 s, leaves from 4.023 s, ended at 5.624 s by signal 9"
            in found)
    assert ("manager, generation 1: from 0.000 s, serves from 0.001 s, leaves from 6.545 s, ended at 8.149 s with status 0"
            in found)


def test_signals_are_marked_by_name_where_they_were_sent_and_got():
    picture = draw("pool.jsonl")
    found = titles(picture)
    assert "manager: gets TTIN at 0.706 s" in found and "manager: gets USR1 at 1.112 s" in found
    assert "worker 102: is sent QUIT at 2.819 s (promise MGR-6)" in found
    assert "worker 103: is sent TERM at 4.624 s (promise MGR-4)" in found
    assert "worker 103: is sent KILL at 5.624 s (promise MGR-4)" in found
    assert [labels(picture).count(name) for name in ("TTIN", "TTOU", "USR1", "QUIT", "TERM")] == [1, 1, 4, 5, 2]


def test_a_worker_that_dies_is_marked_with_its_signal():
    assert "worker 101: failure, KILL at 2.519 s" in titles(draw("pool.jsonl"))


def test_heartbeats_are_marked():
    found = titles(draw("old.jsonl"))
    assert found.count("worker 102: heartbeat at 0.503 s") == 1
    assert sum(title.startswith("worker 101: heartbeat, is leaving at ") for title in found) == 4


def test_two_generations_share_one_clock():
    picture = draw("old.jsonl", "new.jsonl")
    found = titles(picture)
    assert "manager 100: new one starts, manager 200 at 1.511 s" in found
    assert "manager 100: agrees at 1.532 s (promise UPG-2)" in found
    assert "manager 200: takes over at 1.532 s (promise CLI-6)" in found
    assert span(picture, "worker 201")[0] < span(picture, "worker 101")[1] < span(picture, "worker 201")[1]
    assert len([path for path in picture.findall(f"{SVG}path") if path.get("class") == "t"]) == 1


def test_a_deployment_that_is_given_up_is_told():
    found = titles(draw("late.jsonl"))
    assert "manager: gives it up at 1.493 s (promise UPG-4)" in found
    assert "manager 200: is sent KILL at 2.495 s (promise UPG-4)" in found
    assert "manager 200: from 0.490 s, leaves from 1.493 s, ended at 2.496 s by signal 9" in found


def test_a_generation_without_a_trace_is_drawn_as_the_old_manager_has_it():
    alone, together = titles(draw("old.jsonl")), titles(draw("old.jsonl", "new.jsonl"))
    bar = "manager 200: from 1.511 s, serves from 1.532 s, lives at the end of the record, 3.312 s"
    assert bar in alone and bar not in together
    assert sum(title.startswith("manager 200, generation 2: from ") for title in together) == 1


def test_forks_that_fail_are_marked():
    text = START + '{"t":0,"action":"spawn"}\n{"t":1,"event":"spawn_failed"}\n{"t":2,"event":"tick"}\n'
    picture = draw("-", text=text.encode())
    assert "manager: failure, no fork at 1.000 s" in titles(picture) and labels(picture) == ["no fork"]


def test_names_are_escaped(tmp_path):
    name = b'a<b>&"\xc3\xa4\xff\x01.jsonl'
    (pathlib.Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))).write_text(START)
    picture = draw(os.fsdecode(name), cwd=tmp_path)
    assert picture.findtext(f"{SVG}desc") == 'Traces: a<b>&"\u00e4??.jsonl'


def test_a_promise_of_a_record_is_escaped():
    picture = draw("-", text=(START + '{"t":0,"event":"spawned","pid":7}\n'
                              '{"t":0,"action":"signal","pid":7,"signal":"QUIT","promise":"</g>"}\n').encode())
    assert "worker 7: is sent QUIT at 0.000 s (promise </g>)" in titles(picture)


def test_a_long_trace_stays_a_small_picture():
    beats = "".join(f'{{"t":{i / 1000},"event":"heartbeat","pid":7}}\n' for i in range(1, 50000))
    done = run("-", text=(START + '{"t":0,"event":"spawned","pid":7}\n' + beats).encode())
    assert done.returncode == 0 and len(done.stdout) < 60000


def test_rows_beyond_the_bound_are_counted():
    lives = "".join(f'{{"t":{i},"event":"spawned","pid":{i + 2}}}\n{{"t":{i},"event":"exited","pid":{i + 2},"status":0}}\n'
                    for i in range(5000))
    picture = draw("-", text=(START + lives).encode())
    assert picture.find(f"{SVG}text").text == "Managers: 1, workers: 4095, 4999.000 s (without 905 rows and marks)"


def test_a_torn_last_line_is_left_out():
    assert titles(draw("-", text=(START + '{"t":0,"event":"spaw').encode()))


@pytest.mark.parametrize("texts, complaint", [
    ([""], '0:1: the record holds no event; it must begin with "start"'),
    (["{}\n"], '0:1: "t" is missing'),
    (['{"t":0,"event":"tick"}\n'], '0:1: the first event must be "start"'),
    ([START + '{"t":5,"event":"tick"}\n{"t":4,"event":"tick"}\n'], '0:3: time goes backwards'),
    ([START, START], "1: no trace before it has made this generation, whose predecessor is 0; the oldest must come first"),
    ([NEXT, START], "1: no trace before it has made this generation"),
    ([START + '{"t":1,"event":"upgrade_spawned","pid":8}\n', NEXT, NEXT], "2: no trace before it has made this generation"),
])
def test_what_cannot_be_drawn_gets_one_clear_line(tmp_path, texts, complaint):
    for number, text in enumerate(texts):
        (tmp_path / str(number)).write_text(text)
    done = run(*map(str, range(len(texts))), cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, b"") and done.stderr.count(b"\n") == 1
    assert done.stderr.decode().startswith(complaint), done.stderr


def test_a_picture_that_cannot_be_written_is_a_failure():
    with open("/dev/full", "wb") as full:
        done = subprocess.run([SIM, "--timeline", "pool.jsonl"], stdout=full, stderr=subprocess.PIPE, cwd=TRACES, timeout=60)
    assert (done.returncode, done.stderr) == (1, b"hypnotoad-sim: standard output cannot be written\n")


def test_the_picture_needs_nothing_from_outside():
    text = PICTURE.read_text()
    assert not re.search(r"<script|<image|href|@import|url\((?!#)", text)
