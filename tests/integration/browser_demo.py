"""The demo in a browser: its live view of the workers and its echo, also while the server breaks, hangs and is deployed anew. Run by
ci/browser; HYPNOTOAD_SCREENSHOTS names a directory that keeps the screenshots."""
import contextlib
import os
import pathlib
import re

import pytest

from harness import wait_until

SCREENS = {"desktop": {"width": 1100, "height": 900}, "phone": {"width": 390, "height": 844, "is_phone": True},
           "dark": {"width": 1100, "height": 900, "is_dark": True}}
PIDS = "[...document.querySelectorAll('#workers li:not(.gone)')].map(row => parseInt(row.dataset.pid))"


def shown(page):
    return sorted(page.run(PIDS))


def await_shown(page, pids):
    wait_until(lambda: shown(page) == sorted(pids), f"the workers {pids} to be shown", seen=lambda: shown(page))


def text(page, name):
    return page.run(f"document.getElementById('{name}').textContent")


def say(page, words):
    """Types it, presses the button, and waits until the page has heard it."""
    page.await_that("!document.querySelector('[data-live] button').disabled")
    page.run(f"document.querySelector('[data-live] input').value = '{words}'; document.querySelector('[data-live] button').click()")
    page.await_that(f"document.getElementById('heard').textContent === '{words}'")
    return page.run("document.querySelector('[data-live] .outcome').textContent")


def view_pid(page):
    """The worker from which the page hears."""
    return int(re.search(r"worker (\d+)", page.await_that("document.getElementById('link').className === 'open' && "
                                                          "document.getElementById('link').textContent")).group(1))


@pytest.fixture
def shoot(tmp_path):
    """shoot(page, name) takes a screenshot on each screen; none of them is to be scrolled sideways."""
    folder = pathlib.Path(os.environ.get("HYPNOTOAD_SCREENSHOTS", tmp_path / "screenshots"))
    folder.mkdir(parents=True, exist_ok=True)

    def take(page, name):
        for screen, options in SCREENS.items():
            page.show_as(**options)
            assert page.screenshot(folder / f"{name}-{screen}.png") == (options["width"], options["height"])
            assert page.run("document.documentElement.scrollWidth") <= options["width"], f"{name} on {screen}"

    return take


@pytest.mark.promise("CON-4", "APP-3")
def test_the_page_shows_which_worker_answered(start, visit):
    server = start("demo", workers=3)
    page = visit(server)
    pid = int(page.run("document.body.dataset.pid"))
    assert pid in server.workers()
    assert page.run("document.querySelector('h1').textContent") == f"Worker {pid} answered"


@pytest.mark.promise("CON-4", "APP-3")
def test_the_page_asks_six_times_at_once(start, visit):
    server = start("demo", workers=3)
    page = visit(server)
    await_shown(page, server.workers())
    page.run("document.getElementById('ask').click()")
    answers = page.await_that("document.getElementById('answers').textContent")
    counts = {int(pid): int(count) for count, pid in re.findall(r"(\d+) from worker (\d+)", answers)}
    assert sum(counts.values()) == 6 and set(counts) <= set(server.workers())


@pytest.mark.promise("CON-8", "APP-3")
def test_the_view_shows_all_workers_and_their_beats(start, visit):
    server = start("demo", workers=4)
    page = visit(server)
    await_shown(page, server.workers())
    assert (text(page, "now-workers"), text(page, "now-generation")) == ("4", "1")
    assert view_pid(page) in server.workers()
    before = page.run("[...rows.values()].map(row => row.beats)")
    page.await_that(f"[...rows.values()].every((row, i) => row.beats > {before}[i])")


@pytest.mark.promise("CON-8", "APP-3")
def test_the_page_hears_what_it_says(start, visit):
    server = start("demo", workers=2)
    page = visit(server)
    outcome = say(page, "grüß dich")
    assert int(re.match(r"Came back from worker (\d+) after [\d.]+ ms\.", outcome).group(1)) in server.workers()


@pytest.mark.promise("MGR-1", "APP-3")
def test_a_crash_is_seen_and_who_comes_instead(start, visit):
    server = start("demo", workers=3)
    server.excuse("deaths", "the test crashes a worker")
    page = visit(server)
    before = server.workers()
    await_shown(page, before)
    page.run("document.querySelector('[data-try=crash] button').click()")
    dead = int(re.match(r"Worker (\d+) ", page.await_that(
        "document.querySelector('[data-try=crash] .outcome').textContent")).group(1))
    server.await_gone(dead)
    now = server.await_workers(3)
    await_shown(page, now)
    events = text(page, "events")
    new, = set(now) - set(before)
    assert f"Worker {dead} is gone." in events and f"Worker {new} has come." in events


@pytest.mark.promise("CON-8", "APP-3")
def test_the_page_leaves_a_worker_that_hangs(start, visit):
    """The worker does not close the connection, and the manager is patient."""
    server = start("demo", workers=2, heartbeat_timeout=60)
    server.excuse("deaths", "the test lets a worker hang")
    page = visit(server)
    await_shown(page, server.workers())
    hanging = view_pid(page)
    with contextlib.ExitStack() as connections:
        connection = connections.enter_context(server.connect())
        while connection.get("/pid").number != hanging:
            connection = connections.enter_context(server.connect())
        connection.ask("/spin", method="POST")
        connection.read_answer()
    page.await_that(f"seen.view_pid !== {hanging} && document.getElementById('link').className === 'open'")
    page.await_that(f"document.querySelector('#workers .silent').dataset.pid == {hanging}")


@pytest.mark.promise("UPG-3", "WRK-5", "CON-8", "APP-3")
def test_the_page_finds_the_new_generation_by_itself(start, visit, shoot):
    server = start("demo", workers=4)
    page = visit(server)
    old = server.workers()
    await_shown(page, old)
    say(page, "before")
    shoot(page, "before")
    page.run("window.hasStayed = true")
    server.upgrade()
    page.await_that("document.getElementById('now-generation').textContent === '2'")
    await_shown(page, server.workers())
    assert not set(shown(page)) & set(old)
    assert "Generation 2 has taken over from generation 1." in text(page, "notice")
    outcome = say(page, "afterwards")
    assert int(re.search(r"worker (\d+)", outcome).group(1)) in server.workers()
    shoot(page, "after")
    assert page.run("window.hasStayed"), "it is the same page"


@pytest.mark.promise("CON-8", "APP-3")
def test_the_page_comes_back_to_a_server_that_was_away(start, prepare, visit, ports):
    """It tries again and again, however long that takes."""
    listen = {"listen": [f"http://127.0.0.1:{ports()}"]}
    server = start("demo", workers=1, **listen)
    page = visit(server)
    page.may_lose_connections = True
    await_shown(page, server.workers())
    assert server.stop() == 0
    page.await_that("view_link.failures >= 3")
    assert page.run("document.getElementById('live').classList.contains('stale')")
    server = start("demo", workers=2, **listen)
    await_shown(page, server.workers())
    say(page, "again")
