"""Hot deployments that fail because the executable, the configuration, the application or an address is not as it should be: the
old generation serves on as if nothing had been, the reason is told to whoever asked and stands in the log, and the next deployment
works. There is load during all of it, and not a request is lost."""
import shutil
import socket

import pytest

from harness.deploying import MIX, write_script
from harness.failures import DIED, GENTLE, judge, stage
from harness.sampler import Sampler
from load.traffic import Load


# ---- The executable ----

def remove(stage, _):
    stage.program.path.unlink()


def forbid(stage, tmp_path):
    (tmp_path / "forbidden").write_bytes(b"\x7fELF")
    stage.program.switch(tmp_path / "forbidden")


def garble(stage, tmp_path):
    (tmp_path / "garbled").write_bytes(b"no program at all\n" * 100)
    (tmp_path / "garbled").chmod(0o755)
    stage.program.switch(tmp_path / "garbled")


def become_directory(stage, tmp_path):
    (tmp_path / "directory").mkdir()
    stage.program.switch(tmp_path / "directory")


def go_round(stage, _):
    stage.program.switch(stage.program.path)


def end_at_once(stage, tmp_path):
    stage.program.switch(write_script(tmp_path / "ending", "exit 3\n"))


def kill_itself(stage, tmp_path):
    stage.program.switch(write_script(tmp_path / "dying", "kill -KILL $$\n"))


EXECUTABLES = {
    "missing": (remove, "No such file or directory"), "not executable": (forbid, "Permission denied"),
    "wrong format": (garble, "Exec format error"), "directory": (become_directory, "Permission denied"),
    "circle": (go_round, "Too many levels of symbolic links"), "ends": (end_at_once, DIED), "dies": (kill_itself, DIED),
}


@pytest.mark.promise("UPG-5", "UPG-3", "CLI-8")
@pytest.mark.parametrize("spoil, told", EXECUTABLES.values(), ids=EXECUTABLES)
def test_an_executable_that_cannot_be_one(stage, build, tmp_path, spoil, told):
    scene = stage()
    # Who asks is a program, too, and must be a sound one.
    spoil(scene, tmp_path)
    judge(scene, [told] if told == DIED else [told, str(scene.program)], lambda: scene.program.switch(build.hypnotoad))


@pytest.mark.promise("UPG-5", "UPG-3", "CLI-8")
def test_an_executable_that_is_being_written(stage, build, tmp_path):
    scene = stage()
    busy = tmp_path / "busy"
    shutil.copy(build.hypnotoad, busy)
    scene.program.switch(busy)
    with open(busy, "ab"):
        judge(scene, ["Text file busy"], lambda: scene.program.switch(build.hypnotoad))


# ---- The configuration and the application ----

CONFIGURATIONS = {
    "no Perl": ("{ listen => ", "server.conf:"), "unknown setting": ("{ workres => 1 }", "workres"),
    "out of range": ("{ workers => 0 }", "workers"), "empty": ("", "server.conf"),
    "unknown user": ("{ user => 'nobody-of-that-name' }", "nobody-of-that-name"),
    "bad listener": ("{ listen => 'http://127.0.0.1:99999' }", "Invalid listen value"),
    "unknown host": ("{ listen => 'http://999.1.1.1:80' }", "Invalid listen value"),
    "no listener that can be had": ("{ listen => 'http://192.0.2.1:80' }", "192.0.2.1"),
    "no such descriptor": ("{ listen => 'http://127.0.0.1?fd=999' }", "999"),
    "no directory for the log": ("{ log_file => '/nonexistent/log' }", "/nonexistent/log"),
    "no directory for the lock": ("{ lock_file => '/nonexistent/lock' }", "/nonexistent/lock"),
}


@pytest.mark.promise("UPG-5", "UPG-3", "CLI-8", "CFG-9", "CFG-4")
@pytest.mark.parametrize("text, told", CONFIGURATIONS.values(), ids=CONFIGURATIONS)
def test_a_configuration_that_is_broken(stage, command, text, told):
    scene = stage()
    # Who asks must know where the PID file is, so that one has a sound configuration of its own.
    sound = scene.server.config_file.with_name("sound.conf")
    shutil.copy(scene.server.config_file, sound)
    scene.server.expected_files.add("sound.conf")
    scene.command = lambda *given, **options: command("--foreground", "--config", sound, scene.server.app, **options)
    scene.server.write_config(text)
    judge(scene, [told], scene.server.write_config)


@pytest.mark.promise("UPG-5", "CFG-9")
def test_a_configuration_that_is_gone(stage, command):
    scene = stage()
    away = scene.server.config_file.with_name("away.conf")
    scene.server.config_file.rename(away)
    scene.server.expected_files.add("away.conf")
    scene.command = lambda *given, **options: command("--foreground", "--config", away, scene.server.app, **options)
    judge(scene, ["server.conf"], lambda: away.rename(scene.server.config_file))


APPLICATIONS = {
    "no symbol": ("no_symbol", "toad_app"), "other major": ("wrong_major", "major"), "refuses": ("refusing_check", "refuses to start"),
    "crashes at load": ("crashing_load", DIED), "init fails": ("failing_init", "failed to initialize"),
}


@pytest.mark.promise("UPG-5", "UPG-3", "CLI-8", "APP-1")
@pytest.mark.parametrize("name, told", APPLICATIONS.values(), ids=APPLICATIONS)
def test_an_application_that_does_not_load(stage, build, name, told):
    scene = stage()
    scene.app.switch(build.app(name))
    judge(scene, [told], lambda: scene.app.switch(build.app("probe")))


@pytest.mark.promise("UPG-5", "CLI-8")
def test_an_application_that_is_no_shared_object(stage, build, tmp_path):
    scene = stage()
    (tmp_path / "text.so").write_text("no shared object")
    scene.app.switch(tmp_path / "text.so")
    judge(scene, ["text.so"], lambda: scene.app.switch(build.app("probe")))


@pytest.mark.promise("UPG-5")
def test_an_application_that_is_gone(stage, build):
    """Who asks cannot name it either, so only a signal can ask."""
    scene = stage()
    with Sampler(scene.server), Load(scene.server.address, MIX, GENTLE) as load:
        scene.app.path.unlink()
        scene.signal()
        for text in ("cannot find application", str(scene.app)):
            scene.server.await_log(text)
        scene.is_unharmed()
        scene.app.switch(build.app("probe"))
        scene.recovers()
    assert load.losses() == {}


@pytest.mark.promise("UPG-5", "LSN-7", "CFG-9")
def test_a_port_that_is_taken(stage):
    scene = stage()
    listen = scene.server.settings["listen"]
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = f"http://127.0.0.1:{other.getsockname()[1]}"
        scene.server.settings["listen"] = [*listen, taken]
        scene.server.write_config()

        def repair():
            scene.server.settings["listen"] = listen
            scene.server.write_config()

        judge(scene, [f'Invalid listen value "{taken}"', "Address already in use"], repair)
