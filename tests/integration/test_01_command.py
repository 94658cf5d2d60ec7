"""The command line: what it understands, what it prints, how it ends."""
import re

import pytest

from harness import wait_until

OPTIONS = ["--config", "--foreground", "--help", "--test", "--stop", "--version"]


@pytest.mark.promise("CLI-1")
def test_an_application_alone_is_enough_to_start(prepare):
    server = prepare("hello", workers=4).start()
    assert server.get("/").text == "Hello World"
    assert len(server.await_workers(4)) == 4


@pytest.mark.promise("CLI-1")
def test_a_relative_path_of_the_application_is_enough(prepare, build):
    server = prepare("hello")
    (server.directory / "app.so").symlink_to(build.app("hello"))
    server.app = "./app.so"
    server.start()
    assert server.get("/").text == "Hello World"


@pytest.mark.promise("CLI-2", "CLI-3")
@pytest.mark.parametrize("option", ["--help", "-h", "--h", "--he", "--hel"])
def test_help_goes_to_stdout(command, option):
    result = command(option)
    assert (result.status, result.stderr) == (0, "")
    assert all(name in result.stdout for name in OPTIONS), result.stdout


@pytest.mark.promise("CLI-2", "CLI-3")
@pytest.mark.parametrize("option", ["--version", "-V", "--v", "--vers"])
def test_the_version_goes_to_stdout(command, option):
    result = command(option)
    assert (result.status, result.stderr) == (0, "")
    assert re.search(r"\b\d+\.\d+\.\d+\b", result.stdout), result.stdout
    assert result.stdout.count("\n") == 1


@pytest.mark.promise("CLI-2")
@pytest.mark.parametrize("config", ["-c", "--config", "--conf", "--c"])
@pytest.mark.parametrize("test", ["-t", "--test", "--te", "--t"])
def test_options_have_short_names_and_prefixes(command, build, config, test):
    file = command.configure()[1]
    result = command(config, file, test, build.app("hello"))
    assert (result.status, result.stdout, result.stderr) == (0, "Everything looks good!\n", "")


@pytest.mark.promise("CLI-2")
@pytest.mark.parametrize("arguments", [["--config={file}", "--test", "{app}"], ["-c{file}", "-t", "{app}"],
                                       ["{app}", "--test", "--config", "{file}"], ["-tc", "{file}", "{app}"],
                                       ["--test", "--config", "{file}", "--", "{app}"]])
def test_options_stand_where_people_put_them(command, build, arguments):
    file = command.configure()[1]
    result = command(*(word.format(file=file, app=build.app("hello")) for word in arguments))
    assert (result.status, result.stdout) == (0, "Everything looks good!\n"), result.stderr


@pytest.mark.promise("CLI-2")
@pytest.mark.parametrize("option", ["-f", "--foreground", "--fore", "--f"])
def test_each_name_of_foreground_stays_in_the_foreground(prepare, option):
    server = prepare("hello", options=[option]).launch()
    pid = wait_until(server.pid_text, "the PID file", seen=server.describe)
    server.manager = int(pid)
    assert server.manager == server.process.pid
    server.signal("TERM")
    assert server.process.wait(30) == 0


@pytest.mark.promise("CLI-3")
@pytest.mark.parametrize("arguments, named", [
    (["--unknown", "{app}"], "unknown"), (["-x", "{app}"], "x"), (["{app}", "--unknown"], "unknown"), (["--=x", "{app}"], "--="),
    (["{app}", "extra.so"], "extra.so"), (["{app}", "one", "two"], "one"), ([], "pplication"), (["--foreground"], "pplication"),
    (["--config"], "config"), (["-c"], "c"), (["--help=yes"], "help"),
    (["--test=1", "{app}"], "test"), (["--testing", "{app}"], "testing"),
], ids=lambda value: "_".join(value) if isinstance(value, list) else None)
def test_a_wrong_command_line_is_named_and_explained(command, build, arguments, named):
    result = command(*(word.format(app=build.app("hello")) for word in arguments))
    first, _, rest = result.stderr.partition("\n")
    assert (result.status, result.stdout) == (2, "")
    assert first.startswith("hypnotoad: ") and named in first, result.stderr
    assert "sage" in rest and "--config" in rest, "the usage follows"
    assert "hypnotoad: " not in rest, "one line says what is wrong"


@pytest.mark.promise("CLI-3")
def test_help_wins_over_an_application(command, build):
    result = command("--help", build.app("hello"))
    assert (result.status, result.stderr) == (0, "")


@pytest.mark.promise("CFG-10")
def test_the_environment_works_as_the_command_line_does(prepare):
    server = prepare("hello")
    server.environment |= {"HYPNOTOAD_APP": str(server.app), "HYPNOTOAD_CONFIG": str(server.config_file),
                           "HYPNOTOAD_FOREGROUND": "1"}
    server.launch_bare().await_ready()
    assert server.manager == server.process.pid, "it stays in the foreground"
    assert server.get("/").text == "Hello World"


@pytest.mark.promise("CFG-10", "CLI-4")
def test_the_environment_can_ask_for_a_test(command, build):
    file = command.configure()[1]
    result = command(environment={"HYPNOTOAD_APP": str(build.app("hello")), "HYPNOTOAD_CONFIG": str(file), "HYPNOTOAD_TEST": "1"})
    assert (result.status, result.stdout, result.stderr) == (0, "Everything looks good!\n", "")
