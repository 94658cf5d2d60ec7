"""Bonjour: what a real Avahi publishes of the server, for how long, and that nothing depends on it."""
import pathlib
import re

import pytest

from harness import processes, stays_so, wait_until
from harness.bonjour import HOST, IPV4, IPV6, Watch, World

pytestmark = pytest.mark.promise("LSN-9")
EVERYWHERE = "http://*:0"


@pytest.fixture
def quiet_world(tmp_path):
    """Without D-Bus and Avahi."""
    directory = tmp_path / "world"
    directory.mkdir()
    with World(directory) as world:
        yield world


@pytest.fixture
def bus(quiet_world):
    """With D-Bus alone."""
    quiet_world.start_bus()
    return quiet_world


@pytest.fixture
def world(bus):
    bus.start_avahi()
    return bus


@pytest.fixture
def serve(prepare):
    """serve(world, ...) is a server in that world."""

    def launch(world, *listen, environment=None, before=(), **settings):
        server = prepare("probe", before=[*world.entering, *before], environment={"MOJO_NO_BONJOUR": "", **(environment or {})},
                         listen=list(listen) or [EVERYWHERE], **settings)
        server.start()
        return server

    return launch


def name_of(server, host=HOST, index=0):
    return f"Hypnotoad ({host}:{server.addresses()[index][1]})"


def count_in_log(server, pattern):
    return len(re.findall(pattern, server.stderr))


def await_published(world, server):
    world.await_names([name_of(server)], seen=server.describe)
    return server.heralds()[0]


# ---- What is published ----

def test_every_listener_that_others_can_reach_is_published_by_its_host_and_port(world, serve, tmp_path):
    server = serve(world, EVERYWHERE, f"http://{IPV4}:0", f"http://[{IPV6}]:0", "http://127.0.0.1:0", "http://[::1]:0",
                   f"file://{tmp_path}/s", "https://*:0")
    assert len(server.addresses()) == 7
    expected = {name_of(server), name_of(server, IPV4, 1), name_of(server, f"[{IPV6}]", 2)}
    world.await_names(expected, seen=server.describe)
    world.await_names([name_of(server, index=6)], "_https._tcp", seen=server.describe)
    found = world.browse()
    protocols = {name: {service.protocol for service in found if service.name == name} for name in expected}
    assert protocols == {name_of(server): {"IPv4", "IPv6"}, name_of(server, IPV4, 1): {"IPv4"},
                         name_of(server, f"[{IPV6}]", 2): {"IPv6"}}
    for service in found:
        assert (service.type, service.host, service.text) == ("_http._tcp", f"{HOST}.local", '"path=/"')
        assert service.name.endswith(f":{service.port})")
        host = f"[{service.address}]" if ":" in service.address else service.address
        assert world.run("curl", "-sS", f"http://{host}:{service.port}/").stdout == "Hello World", service


def test_two_sockets_of_one_value_are_one_service(world, serve):
    server = serve(world, f"http://{IPV4}:0", "http://0.0.0.0:4001?reuse=1", "http://0.0.0.0:4001?reuse=1")
    world.await_names({name_of(server, IPV4), name_of(server, index=1)}, seen=server.describe)
    wait_until(lambda: server.stderr.count("Published as") >= 2, "it to say so", seen=server.describe)
    assert server.stderr.count("Published as") == 2


@pytest.mark.parametrize("environment, settings", [({"MOJO_NO_BONJOUR": "1"}, {}), ({"MOJO_NO_BONJOUR": "1"}, {"bonjour": 1}),
                                                   ({}, {"bonjour": 0})],
                         ids=["by the environment", "by the environment against the setting", "by the setting"])
def test_it_can_be_turned_off(world, serve, environment, settings):
    server = serve(world, environment=environment, **settings)
    published = serve(world)
    await_published(world, published)
    assert server.heralds() == []


def test_what_only_this_machine_reaches_needs_no_process(world, serve, tmp_path):
    server = serve(world, "http://127.0.0.1:0", "http://[::1]:0", f"file://{tmp_path}/s")
    published = serve(world)
    await_published(world, published)
    assert server.heralds() == []


def test_a_name_that_somebody_has_becomes_the_next_one(world, serve):
    taken = f"Hypnotoad ({HOST}:4002)"
    world.spawn("avahi-publish-service", taken, "_http._tcp", "4711")
    world.await_names([taken])
    server = serve(world, "http://*:4002")
    world.await_names([taken, f"{taken} #2"], seen=server.describe)
    assert {service.port for service in world.browse() if service.name.endswith("#2")} == {4002}


def test_two_machines_of_one_name_find_two_names(world, serve, tmp_path):
    first = serve(world, "http://*:4002")
    await_published(world, first)
    (tmp_path / "neighbour").mkdir()
    with World(tmp_path / "neighbour", neighbour=world) as neighbour:
        neighbour.start_bus()
        neighbour.start_avahi()
        second = serve(neighbour, "http://*:4002")
        for here in (world, neighbour):
            here.await_names([name_of(first), f"{name_of(first)} #2"], seen=lambda: first.stderr + second.stderr)
            assert len({service.host for service in here.browse()}) == 2
        for server in (first, second):
            assert server.stop() == 0


# ---- For how long ----

@pytest.mark.parametrize("name", ["TERM", "QUIT"])
def test_after_a_stop_it_is_gone(world, serve, name):
    server = serve(world)
    herald = await_published(world, server)
    assert server.stop(name) == 0
    assert not processes.lives(herald)
    world.await_names([])


def test_it_is_gone_while_the_last_answers_are_given(world, serve):
    server = serve(world, graceful_timeout=20)
    await_published(world, server)
    with Watch(world) as watch:
        wait_until(lambda: watch.events, "the service to be seen")
        worker = server.workers()[0]
        server.freeze(worker)
        server.signal("QUIT")
        world.await_names([])
        assert processes.lives(server.manager)
        server.signal("CONT", worker)
    server.await_end()


def test_it_is_gone_with_a_manager_that_is_killed(world, serve):
    server = serve(world, user="nobody")
    herald = await_published(world, server)
    server.excuse("files", "a manager that is killed removes nothing")
    server.excuse("deaths", "its trace ends with it")
    server.signal("KILL")
    server.await_gone(herald)
    world.await_names([])
    wait_until(lambda: not processes.marked(server.mark), "its workers to leave")


@pytest.mark.promise("UPG-1")
def test_through_hot_deployments_there_is_one_and_never_another_name(world, serve):
    server = serve(world)
    name = name_of(server)
    heralds = [await_published(world, server)]
    with Watch(world) as watch:
        wait_until(lambda: len(watch.events) == 2, "the service to be seen by both protocols")
        for _ in range(3):
            server.upgrade()
            wait_until(lambda: len(server.heralds()) == 1 and server.heralds()[0] not in heralds, "another herald")
            heralds.append(server.heralds()[0])
            assert processes.stat_of(heralds[-1]).parent == server.manager
            wait_until(lambda: server.stderr.count("Published as") == len(heralds), "it to be published", seen=server.describe)
            assert world.names() == {name}
        wait_until(lambda: sum(1 if sign == "+" else -1 for _, sign, *_ in watch.events) == 2, "it to be seen again")
    for protocol in ("IPv4", "IPv6"):
        mine = [(sign, seen) for _, sign, of, seen in watch.events if of == protocol]
        assert {seen for _, seen in mine} == {name}
        assert [sign for sign, _ in mine] == ["+", "-"] * (len(mine) // 2) + ["+"], "never twice"


@pytest.mark.promise("CFG-9")
def test_a_new_generation_publishes_what_it_listens_on(world, serve):
    server = serve(world, "http://*:4003", "http://*:4004")
    world.await_names({f"Hypnotoad ({HOST}:{port})" for port in (4003, 4004)}, seen=server.describe)
    server.settings["listen"] = ["http://*:4004", "http://*:4005"]
    server.write_config()
    server.upgrade()
    world.await_names({f"Hypnotoad ({HOST}:{port})" for port in (4004, 4005)}, seen=server.describe)
    server.settings["bonjour"] = 0
    server.write_config()
    server.upgrade()
    world.await_names([], seen=server.describe)


@pytest.mark.promise("UPG-5")
def test_a_deployment_that_fails_changes_nothing(world, serve):
    server = serve(world)
    herald = await_published(world, server)
    server.write_config("{nonsense => 1}")
    server.excuse("generations", "it is meant to fail")
    server.excuse("log", "the new generation writes no lines of the log before it can")
    server.signal("USR2")
    server.await_log("The hot deployment failed")
    assert server.heralds() == [herald]
    assert world.names() == {name_of(server)}


# ---- Who publishes ----

@pytest.mark.promise("WRK-8", "WRK-9")
def test_the_process_that_publishes_keeps_nothing_of_the_manager(world, serve):
    server = serve(world, user="nobody")
    herald = await_published(world, server)
    status = processes.read(herald, "status").decode()
    assert re.search(r"^Uid:(\t65534){4}$", status, re.M) and re.search(r"^Gid:(\t65534){4}$", status, re.M)
    held = set(processes.descriptors_of(herald).values())
    assert not held & server.sockets
    others = {link for link in held if not re.match(r"/dev/null|anon_inode:|socket:|pipe:", link)}
    assert others <= {str(server.stdout_file), str(server.stderr_file)}


@pytest.mark.promise("MGR-1", "MGR-6", "HBT-2")
def test_it_is_no_worker(world, serve):
    server = serve(world, workers=1, heartbeat_interval=0.2, heartbeat_timeout=2)
    herald = await_published(world, server)
    assert len(server.workers()) == 1
    # Longer than a worker may be silent.
    server.await_beats(server.workers(), 14)
    assert not server.trace.find(pid=herald), "the policy never hears of it"
    server.signal("TTOU")
    wait_until(lambda: not server.workers(), "no workers")
    assert server.heralds() == [herald]


@pytest.mark.promise("MGR-1")
@pytest.mark.parametrize("name", ["KILL", "TERM", "ABRT"])
def test_one_that_dies_is_replaced(world, serve, name):
    server = serve(world)
    herald = await_published(world, server)
    workers = server.workers()
    server.signal(name, herald)
    wait_until(lambda: server.heralds() not in ([], [herald]), "another herald", seen=server.describe)
    wait_until(lambda: server.stderr.count("Published as") == 2, "it to be published again", seen=server.describe)
    assert world.names() == {name_of(server)}, "not another name, though Avahi may not have forgotten the first yet"
    assert f"was ended by signal {name}; there will be another" in server.stderr
    assert server.workers() == workers
    assert not [stat for stat in processes.children_of(server.manager) if stat.state == "Z"]


@pytest.mark.promise("MGR-8")
def test_it_opens_the_log_anew(world, serve, tmp_path):
    log, old = tmp_path / "log", tmp_path / "log.old"
    server = serve(world, log_file=str(log))
    herald = await_published(world, server)
    log.rename(old)
    server.signal("USR1")
    wait_until(lambda: {str(log), str(old)} & set(processes.descriptors_of(herald).values()) == {str(log)},
               "the new log, and not the old one any more", seen=server.describe)


@pytest.mark.parametrize("name", ["HUP", "INT", "QUIT"])
def test_what_a_terminal_sends_to_all_does_not_end_it(world, serve, name):
    server = serve(world)
    herald = await_published(world, server)
    server.signal(name, herald)
    stays_so(lambda: server.heralds() == [herald], 0.3, "the herald")


# ---- Without Avahi ----

@pytest.mark.parametrize("setting, level", [({}, "info"), ({"bonjour": 1}, "warn")], ids=["default", "asked for"])
def test_without_avahi_the_log_says_so_once_and_it_is_published_when_it_comes(bus, serve, setting, level):
    server = serve(bus, **setting)
    server.await_log(f"{level} Avahi does not run: nothing is published until it does")
    assert bus.run("curl", "-sS", f"http://127.0.0.1:{server.port}/").stdout == "Hello World"
    bus.start_avahi()
    await_published(bus, server)
    assert count_in_log(server, "nothing is published") == 1


def test_without_dbus_the_log_says_so_once_and_it_is_published_when_it_comes(quiet_world, serve):
    server = serve(quiet_world)
    wait_until(lambda: count_in_log(server, r"info Avahi cannot be reached \(.+\): nothing is published until it can"),
               "a line in the log", seen=server.describe)
    quiet_world.start_bus()
    quiet_world.start_avahi()
    await_published(quiet_world, server)
    assert count_in_log(server, "nothing is published") == 1


def test_a_server_whose_machine_has_no_avahi_stops_as_fast_as_any(quiet_world, serve):
    server = serve(quiet_world)
    server.await_log("Avahi cannot be reached")
    assert server.stop() == 0
    assert server.heralds() == []


def test_an_avahi_that_is_restarted_is_told_again(world, serve):
    server = serve(world)
    await_published(world, server)
    manager, workers = server.manager, server.workers()
    world.end(world.avahi)
    server.await_log("info Avahi is gone")
    world.start_avahi()
    await_published(world, server)
    assert (server.manager, server.workers()) == (manager, workers)
    assert count_in_log(server, "Avahi is gone") == 1


def test_a_dbus_that_is_restarted_is_found_again(world, serve):
    server = serve(world)
    await_published(world, server)
    world.end(world.bus)
    world.end(world.avahi)
    server.await_log("info Avahi is gone")
    world.start_bus()
    world.start_avahi()
    await_published(world, server)


@pytest.mark.promise("MGR-2", "UPG-1")
def test_an_avahi_that_hangs_holds_nobody_up(world, serve):
    world.avahi.send_signal(19)  # STOP
    wait_until(lambda: processes.stat_of(world.avahi.pid).state == "T", "a frozen Avahi")
    server = serve(world)
    wait_until(server.heralds, "a herald")
    server.upgrade()
    server.signal("TTIN")
    server.await_workers(3)
    assert world.run("curl", "-sS", f"http://127.0.0.1:{server.port}/").stdout == "Hello World"
    # D-Bus itself waits 25 s for an answer.
    assert server.stop() == 0
    assert server.heralds() == []
    world.avahi.send_signal(18)  # CONT


def test_without_its_library_the_server_serves(quiet_world, serve):
    library = next(pathlib.Path("/usr/lib").glob("*/libavahi-client.so.3")).resolve()
    quiet_world.run("mount", "--bind", "/dev/null", library)
    server = serve(quiet_world)
    server.await_log("info Nothing is published by Bonjour: ")
    wait_until(lambda: server.heralds() == [], "the herald to end")
    stays_so(lambda: server.heralds() == [], 0.5, "no herald")
    assert quiet_world.run("curl", "-sS", f"http://127.0.0.1:{server.port}/").stdout == "Hello World"
    assert count_in_log(server, "Nothing is published") == 1
