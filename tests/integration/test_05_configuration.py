"""The configuration file: where it is, what it may say, and how an error in it is shown."""
import shutil
import socket

import pytest

from harness import processes
from harness.namespaces import unshared

LISTEN = "listen => ['http://127.0.0.1:0']"


def file_of(directory, text):
    return text.replace("PID_FILE", f"pid_file => '{directory}/hypnotoad.pid'").replace("LISTEN", LISTEN)


@pytest.mark.promise("CFG-1")
@pytest.mark.parametrize("text", [
    "{LISTEN, PID_FILE, workers => 3};",
    "{LISTEN, PID_FILE, workers => 3}",
    "{LISTEN, PID_FILE, workers => '3'};",
    "{LISTEN, PID_FILE, 'workers' => 3};",
    "{LISTEN, PID_FILE, \"workers\", 3,};",
    "+{LISTEN, PID_FILE, workers => 3,};",
    "{listen => [qw(http://127.0.0.1:0)], PID_FILE, workers => 3};",
    "{listen => [q{http://127.0.0.1:0},], PID_FILE, workers => qq(3)};",
    "{listen => \"http://127.0.0.1:0\", PID_FILE, workers => 0x3};",
    "{LISTEN, PID_FILE, workers => 3, user => undef, group => undef};",
    "# A comment\n{\n    LISTEN, # why\n    PID_FILE,\n    workers => 3 # three\n};\n# The end\n",
    "=pod\n\nManual.\n\n=cut\n\n{LISTEN, PID_FILE, workers => 3};\n",
    "\r\n{LISTEN,\r\n PID_FILE,\r\n workers => 3\r\n};\r\n",
    "{LISTEN, PID_FILE, workers => 3};\n__END__\nWhatever }",
], ids=range(14))
def test_perl_data_is_understood(prepare, tmp_path, text):
    server = prepare("hello", config=file_of(tmp_path / "server0", text)).start()
    assert len(server.await_workers(3)) == 3


@pytest.mark.promise("CFG-2")
@pytest.mark.parametrize("text", [
    "my $count = 1 + 2;\nreturn {LISTEN, PID_FILE, workers => $count};",
    "use strict;\nuse warnings;\n{LISTEN, PID_FILE, workers => scalar(@{[1, 2, 3]})};",
    "{LISTEN, PID_FILE, workers => $ENV{TOAD_COUNT} || 4};",
    "{LISTEN, PID_FILE, workers => do { 3 }};",
])
def test_a_script_is_evaluated_by_perl(prepare, tmp_path, text):
    server = prepare("hello", config=file_of(tmp_path / "server0", text), environment={"TOAD_COUNT": "3"}).start()
    assert len(server.await_workers(3)) == 3


@pytest.mark.promise("CFG-2", "CFG-4")
@pytest.mark.parametrize("text, named", [
    ("die 'broken on purpose';", "broken on purpose"), ("my $x = {; 1", None), ("use No::Such::Module; {}", "No/Such/Module"),
    ("my $x = 1; return [$x];", None), ("my $n = 'many'; return {workers => $n};", "workers"),
    ("my $n = 1; return {worker => $n};", "worker"), ("exit 0 if 1; {}", None), ("kill 9, $$; {}", None),
    ("my $code = sub { 1 }; return {workers => $code};", None), ("return {app => {root => sub { 1 }}};", "app is a CODE"),
    ("my $x = 1; return {app => {root => [$x]}};", "option root of app is a list"), ("{workers => 99999999999999999999}", "workers"),
    ("{graceful_timeout => 1e308}", "graceful_timeout"), ("{accepts => 18446744073709551616}", "accepts"),
])
def test_a_script_that_fails_is_an_error(command, build, text, named):
    result = command(*command.configure(text), "--test", build.app("hello"))
    assert (result.status, result.stdout) == (1, "")
    assert str(command.config_file) in result.stderr and result.stderr.startswith("hypnotoad: ")
    assert named is None or named in result.stderr


@pytest.mark.promise("CFG-2")
def test_a_script_gets_no_descriptor_of_the_server(command, build):
    """Whatever is open besides the standard streams and what perl itself opens was inherited."""
    text = """
        my @held = grep { !m!^/proc/! } map { readlink("/proc/self/fd/$_") || () } 3 .. 60;
        die "held: @held\n";
    """
    result = command(*command.configure(text), "--test", build.app("hello"))
    held = result.stderr.partition("held: ")[2].split("\n")[0].split()
    inherited = [link for link in held if link != str(command.config_file) and not link.startswith("pipe:")]
    assert result.status == 1 and "held: " in result.stderr, result.stderr
    assert inherited == []


@pytest.mark.promise("CFG-2")
def test_without_perl_a_script_is_refused_and_the_reason_told(command, build):
    """Perl is hidden under an empty file in a file system view of the command's own."""
    script = 'PATH=/usr/bin:/bin; for perl in /usr/bin/perl /bin/perl /usr/local/bin/perl; do ' \
             '[ -e "$perl" ] && mount --bind /dev/null "$perl"; done; PATH=/nonexistent; "$@"'
    arguments = command.configure("my $n = 2; return {workers => $n};")
    before = [*unshared("mount"), "/bin/sh", "-c", script, "sh"]
    result = command(*arguments, "--test", build.app("hello"), before=before)
    assert (result.status, result.stdout) == (1, "")
    assert "perl" in result.stderr and str(command.config_file) in result.stderr


@pytest.mark.promise("CFG-3")
def test_the_default_file_lies_beside_the_application(prepare, build, tmp_path):
    server = prepare("hello", workers=3)
    home, elsewhere = server.directory / "home", tmp_path / "elsewhere"
    home.mkdir()
    elsewhere.mkdir()
    server.app = home / "app.so"
    shutil.copy(build.app("hello"), server.app)
    server.config_file.rename(home / "hypnotoad.conf")
    (elsewhere / "hypnotoad.conf").write_text("not this one")
    server.before = ["/usr/bin/env", "-C", str(elsewhere)]
    server.launch_bare("--foreground", server.app).await_ready()
    assert len(server.await_workers(3)) == 3


@pytest.mark.promise("CFG-3", "CLI-4")
def test_without_a_file_the_defaults_hold(command, build):
    app = command.directory / "app.so"
    shutil.copy(build.app("hello"), app)
    assert command("--test", app).stdout == "Everything looks good!\n"


@pytest.mark.promise("CFG-3", "CFG-4")
def test_a_default_file_that_is_wrong_is_an_error(command, build):
    app = command.directory / "app.so"
    shutil.copy(build.app("hello"), app)
    (command.directory / "hypnotoad.conf").write_text("{workers => 'many'};")
    result = command("--test", app)
    assert result.status == 1 and "hypnotoad.conf:1:" in result.stderr


@pytest.mark.promise("CFG-4")
@pytest.mark.parametrize("line, column, name, right", [
    ("worker => 4", 1, "worker", ""), ("Workers => 4", 1, "Workers", ""), ("workers => 'four'", 12, "workers", "number"),
    ("workers => 0", 12, "workers", "1"), ("workers => -1", 12, "workers", "1"), ("workers => 100000", 12, "workers", ""),
    ("workers => 2.5", 12, "workers", ""), ("workers => [2]", 12, "workers", "number"),
    ("clients => 0", 12, "clients", ""),
    ("heartbeat_interval => 0", 23, "heartbeat_interval", ""), ("upgrade_timeout => 0", 20, "upgrade_timeout", ""), 
    ("heartbeat_timeout => -0.5", 22, "heartbeat_timeout", ""), ("graceful_timeout => 'soon'", 21, "graceful_timeout", "seconds"),
    ("accepts => 1.5", 12, "accepts", ""),
    ("backlog => -1", 12, "backlog", ""),
    ("pid_file => [1]", 13, "pid_file", ""), ("pid_file => ''", 13, "pid_file", ""), ("lock_file => {}", 14, "lock_file", ""),
    ("listen => []", 11, "listen", ""), ("listen => {}", 11, "listen", ""), ("listen => [[]]", None, "listen", ""),
    ("listen => ''", 11, "", ""),
    ("app => 'x'", 8, "app", "hash"), ("app => [1]", 8, "app", "hash"), ("app => {root => [1]}", 17, "root", "text"),
    ("app => {root => {}}", 17, "root", "text"), ("app => {'my root' => 1}", 9, "my root", "letters"),
    ("app => {a => 1, a => 2}", 17, "option a of app", "first at 2:9"), ("apps => {}", 1, "apps", "did you mean app?"),
    ("workers => 2 workers => 3", 14, "", ""), ("=> 3", 1, "", ""),
], ids=lambda value: value if isinstance(value, str) and "=>" in value else "")
def test_a_wrong_setting_is_shown_with_its_place(command, build, line, column, name, right):
    result = command(*command.configure(f"{{\n{line}\n}};\n"), "--test", build.app("hello"))
    assert (result.status, result.stdout) == (1, ""), result
    assert result.stderr.count("\n") == 1 and result.stderr.startswith("hypnotoad: "), result.stderr
    place = f"{command.config_file}:2:" + (f"{column}" if column else "")
    assert place in result.stderr, f"{place!r} is not in {result.stderr!r}"
    assert name in result.stderr and right in result.stderr, result.stderr


@pytest.mark.promise("CFG-4")
def test_what_is_given_twice_is_not_lost_in_silence(command, build):
    result = command(*command.configure("{workers => 1,\n workers => 2}"), "--test", build.app("hello"))
    assert result.status == 1 and f"{command.config_file}:2:2: workers" in result.stderr and "1:2" in result.stderr


@pytest.mark.promise("CFG-1", "CFG-5")
def test_undef_is_a_setting_that_is_not_given(prepare, tmp_path):
    server = prepare("hello", config=file_of(tmp_path / "server0", "{LISTEN, PID_FILE, workers => undef, user => undef};")).start()
    assert len(server.workers()) == 4


@pytest.mark.promise("CFG-8")
def test_listen_takes_one_string(start):
    server = start("hello", listen="http://127.0.0.1:0")
    assert len(server.addresses()) == 1
    assert server.get("/").status == 200


@pytest.mark.promise("CFG-8")
def test_listen_takes_a_list(start):
    server = start("hello", listen=["http://127.0.0.1:0", "http://127.0.0.1:0", "http://127.0.0.1:0"])
    assert len(set(server.addresses())) == 3
    for address in server.addresses():
        with socket.create_connection(address, 10) as connection:
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")


@pytest.mark.promise("CFG-8", "CLI-5")
def test_an_empty_list_of_addresses_is_an_error(command, build):
    result = command(*command.configure(listen=[]), build.app("hello"))
    assert result.status == 1 and "listen" in result.stderr


@pytest.mark.promise("CFG-10")
@pytest.mark.parametrize("given, seen", [(None, "production"), ("development", "development"), ("", "production")])
def test_the_mode_is_production_unless_it_is_set(prepare, given, seen):
    server = prepare("probe")
    server.environment.pop("MOJO_MODE", None)
    if given is not None:
        server.environment["MOJO_MODE"] = given
    assert server.start().get("/mode").text == seen


@pytest.mark.promise("CFG-10", "LCK-2")
def test_temporary_files_go_where_mojo_tmpdir_says(prepare, tmp_path):
    place = tmp_path / "temporary"
    place.mkdir()
    server = prepare("hello", environment={"MOJO_TMPDIR": str(place)}).start()
    held = [link for link in processes.descriptors_of(server.workers()[0]).values() if link.startswith(f"{place}/")]
    assert len(set(held)) == 1 and held[0].endswith(" (deleted)")
    assert list(place.iterdir()) == []
