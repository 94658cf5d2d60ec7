"""The options of the application: what the setting `app` says reaches it, and nothing else is in the way."""
import shutil

import pytest

from harness.deploying import Link


def told(server):
    """What the application was told, {name: value}."""
    return dict(line.split("=", 1) for line in server.get("/").text.splitlines())


def give(server, **options):
    """Writes them into the configuration."""
    server.settings["app"] = options
    server.write_config()
    return server


@pytest.fixture
def configured(prepare):
    """configured(...) is a server whose application was given these options."""
    return lambda **options: give(prepare("configured"), **options).start()


@pytest.mark.promise("CFG-7")
def test_an_application_gets_its_options(configured):
    server = configured(root="./public", dotfiles=1, limit=0.5, empty="", none=None)
    seen = told(server)
    assert {name: seen.get(name) for name in ("root", "dotfiles", "limit", "empty")} == \
        {"root": "./public", "dotfiles": "1", "limit": "0.5", "empty": ""}
    assert "none" not in seen and seen["options"] == "4"


@pytest.mark.promise("CFG-7", "CFG-5")
def test_without_the_setting_there_are_none(start):
    assert told(start("configured"))["options"] == "0"


@pytest.mark.promise("CFG-2", "CFG-7")
def test_options_may_be_computed(prepare, tmp_path):
    text = f"""
        my $root = join '/', 'srv', "w\\x{{263a}}b", 'a"b\\\\';
        return {{listen => ['http://127.0.0.1:0'], pid_file => '{tmp_path}/server0/hypnotoad.pid',
                 app => {{root => $root, limit => 3 * 7, 'x-y.z' => ''}}}};
    """
    seen = told(prepare("configured", config=text).start())
    assert (seen["root"], seen["limit"], seen["x-y.z"], seen["options"]) == ('srv/w\u263ab/a"b\\', "21", "", "3")


@pytest.mark.promise("CFG-9", "UPG-1")
def test_a_hot_deployment_brings_the_options_of_its_day(configured):
    server = configured(greeting="moin", old=1)
    assert (told(server)["greeting"], told(server)["generation"]) == ("moin", "1")
    give(server, greeting="servus")
    assert told(server)["greeting"] == "moin", "not before"
    server.upgrade()
    seen = told(server)
    assert (seen["greeting"], seen["generation"], "old" in seen) == ("servus", "2", False)
    server.upgrade()
    assert told(server)["generation"] == "3"


@pytest.mark.promise("UPG-5", "CLI-4")
def test_an_option_that_the_application_refuses_leaves_the_old_generation(configured, command):
    server = configured(greeting="moin")
    server.excuse("log", "what a generation says before it has a log stands there as it is")
    server.excuse("generations", "one fails on purpose")
    give(server, refusal="there is no such pond")
    result = command(*server.options, "--config", server.config_file, server.app)
    assert result.status == 1 and "refuses to start: there is no such pond" in result.stderr
    assert told(server)["greeting"] == "moin"


@pytest.mark.promise("CLI-4")
def test_a_test_asks_the_application_about_its_options(command, build):
    result = command(*command.configure("{app => {refusal => 'the pond is empty'}}"), "--test", build.app("configured"))
    assert (result.status, result.stdout) == (1, "") and "refuses to start: the pond is empty\n" in result.stderr


@pytest.mark.promise("CFG-3", "CFG-10")
def test_an_application_knows_its_directory_and_the_mode(prepare, build):
    """Where hypnotoad.conf is looked for, too; of a link the place to which it led."""
    server = prepare("configured", environment={"MOJO_MODE": "tadpole"})
    release = server.directory / "release 1"
    release.mkdir()
    shutil.copy(build.app("configured"), release / "app.so")
    server.app = Link(server.directory / "current", release).path / "app.so"
    seen = told(server.start())
    assert (seen["directory"], seen["mode"]) == (str(release), "tadpole")
