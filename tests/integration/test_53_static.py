"""Files: the application static against the real binary - what is served and how, methods, directories, options."""
import hashlib
import os
import shutil

import pytest

from harness.static_site import DIGITS, OLD_DATE, PAGE, fields_of, get, put, random_bytes, root, serve


# ---- What is there ----

@pytest.mark.promise("APP-3", "CON-4")
def test_a_file_comes_with_all_that_a_client_wants_to_know(serve):
    answer = get(serve(), "/digits.txt")
    assert (answer.status, answer.body) == (200, DIGITS)
    fields = fields_of(answer)
    tag = fields.pop("etag")
    assert tag.startswith('"') and tag.endswith('"')
    assert fields == {"content-type": "text/plain; charset=utf-8", "content-length": "10", "last-modified": OLD_DATE,
                      "accept-ranges": "bytes"}


@pytest.mark.promise("APP-3", "CON-4")
def test_head_says_what_get_says(serve):
    server = serve()
    for path in ("/digits.txt", "/", "/empty.css", "/pond", "/missing"):
        head, whole = get(server, path, method="HEAD"), get(server, path)
        assert (head.status, fields_of(head), head.body) == (whole.status, fields_of(whole), b""), path


@pytest.mark.promise("APP-3")
def test_names_are_bytes(serve, root):
    names = ["a b", "100%", "qu?estion", "ha#sh", "f\u00fc\u00dfe", "plus+and&and=", "'\"<>", "semi;colon", "back\\slash", "new\nline",
             "..dots..", "x" * 255, "~", "%2e%2e", "[]{}|^`"]
    server = serve(dotfiles=1)
    for name in names:
        put(root / name, name.encode())
        target = "/" + "".join(f"%{byte:02x}" for byte in name.encode())
        assert get(server, target).body == name.encode(), name
    put(root / b"\xff\xfe".decode(errors="surrogateescape"), b"no text")
    assert get(server, "/%ff%FE").body == b"no text"


@pytest.mark.promise("APP-3", "CON-4")
def test_types_follow_the_names(serve, root):
    server = serve()
    for name, expected in {"a.HTML": "text/html; charset=utf-8", "b.js": "text/javascript; charset=utf-8", "c.png": "image/png",
                           "d.json": "application/json", "e": "application/octet-stream",
                           "f.unknown": "application/octet-stream"}.items():
        put(root / name, b"x")
        assert get(server, "/" + name).field("Content-Type") == expected


@pytest.mark.promise("APP-3")
@pytest.mark.parametrize("size", [0, 1, 4095, 65536, 65537, 5_000_000])
def test_files_of_any_size_come_whole(serve, root, size):
    data = random_bytes(size)
    put(root / "data.bin", data)
    answer = get(serve(), "/data.bin")
    assert answer.field("Content-Length") == str(size)
    assert hashlib.sha256(answer.body).digest() == hashlib.sha256(data).digest()


@pytest.mark.promise("APP-3", "CON-4")
def test_many_questions_on_one_connection_are_answered_in_order(serve):
    server = serve({"keep_alive_requests": 1000, "workers": 1})
    targets = ["/digits.txt", "/missing", "/pond/", "/empty.css", "/pond", "/bare/leaf"] * 20
    bodies = {"/digits.txt": DIGITS, "/pond/": b"in the pond", "/empty.css": b"", "/bare/leaf": b"leaf"}
    with server.connect() as connection:
        connection.send(b"".join(f"GET {target} HTTP/1.1\r\nHost: test\r\n\r\n".encode() for target in targets))
        for target in targets:
            answer = connection.read_answer()
            assert answer.status == {"/missing": 404, "/pond": 301}.get(target, 200)
            assert answer.body == bodies.get(target, answer.body)


# ---- Directories ----

@pytest.mark.promise("APP-3")
def test_a_directory_is_its_index(serve):
    server = serve()
    assert get(server, "/").body == PAGE
    assert get(server, "/?a=b").body == PAGE
    assert get(server, "/pond/").body == b"in the pond"
    assert get(server, "/").field("Content-Type") == "text/html; charset=utf-8"


@pytest.mark.promise("APP-3", "CON-10")
@pytest.mark.parametrize("target, location", [
    ("/pond", "/pond/"), ("/pond?a=%2F&b", "/pond/?a=%2F&b"), ("/%70ond", "/pond/"), ("/big%20pond", "/big%20pond/"),
    ("/a%0d%0aX-Evil:%201", "/a%0D%0AX-Evil%3A%201/"), ("/%5cevil.example", "/%5Cevil.example/"), ("http://other/pond", "/pond/"),
])
def test_a_directory_without_its_slash_is_elsewhere(serve, root, target, location):
    for name in ("big pond", "a\r\nX-Evil: 1", "\\evil.example"):
        (root / name).mkdir()
    answer = get(serve(), target)
    assert (answer.status, answer.field("Location"), answer.field("X-Evil")) == (301, location, None)


@pytest.mark.promise("APP-3")
def test_no_directory_is_listed(serve, root):
    put(root / "odd/index.html/x", b"")
    server = serve()
    for target in ("/bare/", "/odd/", "/odd/index.html/"):
        answer = get(server, target)
        assert answer.status == 404 and b"leaf" not in answer.body, target
    assert get(server, "/bare").status == 301


@pytest.mark.promise("APP-3")
@pytest.mark.parametrize("target", [
    "/missing", "/missing/", "/pond/missing", "/digits.txt/", "/digits.txt/x", "//", "//digits.txt", "/pond//frog.txt", "/pond//",
    "/" + "x" * 256, "/" + "x/" * 2500, "/Digits.txt", "/digits.txt%20", "/digits.txt.", "//evil.example/", "/pond%2ffrog.txt",
    "/%2fpond/frog.txt", "/pond%2F", "/pond/%2e/frog.txt",
])
def test_what_is_not_there_is_not_found(serve, target):
    answer = get(serve(), target)
    assert (answer.status, answer.text) == (404, "Not Found\n")
    assert answer.field("ETag") is None and answer.field("Location") is None


# ---- Methods ----

@pytest.mark.promise("CON-4", "APP-3")
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "PROPFIND"])
def test_other_methods_are_not_allowed(serve, root, method):
    server = serve()
    for target in ("/digits.txt", "/new.txt", "/pond/"):
        answer = get(server, target, method=method)
        assert (answer.status, answer.field("Allow")) == (405, "GET, HEAD, OPTIONS")
    assert (root / "digits.txt").read_bytes() == DIGITS and not (root / "new.txt").exists()


@pytest.mark.promise("CON-4", "APP-3")
@pytest.mark.parametrize("target", ["/digits.txt", "/", "*"])
def test_options_names_the_methods(serve, target):
    server = serve()
    with server.connect() as connection:
        connection.ask(target, "OPTIONS", ["Connection: close"])
        answer = connection.read_answer(has_body=False)
        connection.wait_closed()
    assert (answer.status, answer.field("Allow")) == (204, "GET, HEAD, OPTIONS")


# ---- Options ----

@pytest.mark.promise("CFG-7", "CLI-4")
@pytest.mark.parametrize("options, said", [
    ({"roof": "x"}, "there is no option roof; static knows dotfiles, index, max_age and root"),
    ({"dotfiles": "yes"}, 'option dotfiles is "yes", it takes 0 or 1'), ({"dotfiles": ""}, 'option dotfiles is ""'),
    ({"dotfiles": 2}, 'option dotfiles is "2"'), ({"index": ""}, 'option index is "", it takes the name of a file'),
    ({"index": "a/b"}, 'option index is "a/b"'), ({"index": ".."}, 'option index is ".."'), ({"max_age": -1}, 'option max_age is "-1"'),
    ({"max_age": 1.5}, 'option max_age is "1.5"'), ({"max_age": ""}, 'option max_age is ""'),
    ({"max_age": "9999999999"}, 'option max_age is "9999999999", it takes a whole number of seconds of up to 9 digits'),
    ({"root": ""}, "option root is empty"), ({"root": "/no/such/pond"}, 'option root: cannot read the directory "/no/such/pond": No such'),
    ({"root": "/etc/passwd"}, 'cannot read the directory "/etc/passwd": Not a directory'),
    ({"root": "x" * 4000}, "File name too long"), ({}, "public\": No such file or directory; the option root names another one"),
])
def test_an_option_that_cannot_be_is_refused(command, build, options, said):
    options = {"root": "/", **options} if options and "root" not in options else options
    result = command(*command.configure(app=options), "--test", build.app("static"))
    assert (result.status, result.stdout) == (1, "")
    assert "refuses to start: " in result.stderr and said in result.stderr and len(result.stderr.splitlines()) == 1


@pytest.mark.promise("CFG-7", "CLI-4")
def test_options_that_are_right_are_taken(command, build, root):
    for options in ({}, {"index": "start.htm"}, {"dotfiles": 0}, {"dotfiles": 1}, {"max_age": 0}, {"max_age": 999999999}):
        result = command(*command.configure(app={"root": str(root), **options}), "--test", build.app("static"))
        assert (result.status, result.stderr) == (0, ""), options


@pytest.mark.promise("CFG-7", "UPG-5")
def test_a_root_that_has_gone_leaves_the_old_generation(serve, root, command):
    server = serve()
    server.excuse("log", "what a generation says before it has a log stands there as it is")
    server.excuse("generations", "one fails on purpose")
    os.rename(root, root.with_name("moved"))
    result = command(*server.options, "--config", server.config_file, server.app)
    assert result.status == 1 and "No such file or directory" in result.stderr
    assert get(server, "/digits.txt").body == DIGITS


@pytest.mark.promise("CFG-7")
@pytest.mark.parametrize("option, directory", [(None, "public"), ("./site", "site"), ("a/b", "a/b")])
def test_a_root_is_looked_for_beside_the_application(prepare, build, tmp_path, option, directory):
    release = tmp_path / "release"
    put(release / directory / "x", b"here")
    server = prepare(shutil.copy(build.app("static"), release / "app.so"))
    if option is not None:
        server.settings["app"] = {"root": option}
        server.write_config()
    assert get(server.start(), "/x").body == b"here"


@pytest.mark.promise("CFG-7")
def test_the_index_may_have_another_name(serve, root):
    put(root / "start.htm", b"start")
    server = serve(index="start.htm")
    assert get(server, "/").body == b"start"
    assert get(server, "/pond/").status == 404
