"""layers - every #include and every link goes down, and each library's header has its one place."""
import re

from rules import PURE_ROOMS, read_rules

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
HOUSE_LIBRARY = re.compile(r"\btoad_([a-z]+)\b")
LINKS = re.compile(r"\b(?:target_link_libraries|toad_room)\s*\(([^)]*)\)")

# The headers of C and POSIX that pure rooms may use: types, bounds, memory and text.
PURE_HEADERS = {f"{name}.h" for name in ("assert", "errno", "float", "inttypes", "limits", "stdalign", "stdarg", "stdbool",
                                         "stddef", "stdint", "stdio", "string")}
SYSTEM_HEADERS = PURE_HEADERS | {f"{name}.h" for name in (
    "dirent", "dlfcn", "fcntl", "fnmatch", "getopt", "grp", "ifaddrs", "libgen", "limits", "locale", "malloc", "math", "netdb", "poll",
    "pwd", "sched", "setjmp", "signal", "spawn", "stdatomic", "stdlib", "stdnoreturn", "strings", "syslog", "termios", "time",
    "unistd", "wchar")}
SYSTEM_FOLDERS = ("sys/", "netinet/", "arpa/", "net/", "linux/")


def sources(root, folder):
    return sorted(path for path in (root / folder).rglob("*") if path.suffix in (".c", ".h", ".def"))


def includes(path):
    """Yields (line number, name, whether it was written in quotes)."""
    text = path.read_text()
    for match in INCLUDE.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match.group(2), match.group(1) == '"'


def room_of(root, name, quoted, rooms):
    """The room that an included name belongs to, or None for a library's header; <sys/stat.h> is the system's own."""
    if name == "hypnotoad.h":
        return "include"
    first = name.split("/")[0]
    is_of_house = "/" in name and first in rooms and (quoted or exists(root, first, name))
    return first if is_of_house else None


def rooms_complaints(root):
    """A room includes only the rooms that its row allows."""
    rules = read_rules(root)
    for path in sources(root, "src"):
        room = path.relative_to(root / "src").parts[0]
        if room not in rules.includes:
            yield f"{path.relative_to(root)}: the room {room} has no row in docs/ARCHITECTURE.md"
            continue
        for line, name, quoted in includes(path):
            other = room_of(root, name, quoted, rules.includes)
            place = f"{path.relative_to(root)}:{line}"
            if quoted and other is None and not is_library(name, rules):
                yield f'{place}: "{name}" is not written as "room/file"'
            elif quoted and other is not None and not exists(root, other, name):
                yield f"{place}: {name} does not exist"
            elif other is not None and other not in rules.includes[room]:
                yield f"{place}: {room} may not include {name}"


def exists(root, room, name):
    return (root / ("include" if room == "include" else "src") / name).is_file()


def is_library(name, rules):
    return any(name == header or header.endswith("/") and name.startswith(header) for header in rules.headers)


def headers_complaints(root):
    """A library's header is included in its one place; pure rooms use no header of the operating system."""
    rules = read_rules(root)
    for path in sources(root, "src") + sources(root, "include") + sources(root, "tests"):
        relative = str(path.relative_to(root))
        for line, name, quoted in includes(path):
            place = f"{relative}:{line}"
            homes = [home for header, home in rules.headers.items()
                     if name == header or header.endswith("/") and name.startswith(header)]
            if homes:
                if not relative.startswith(homes[0]) and not relative.startswith("tests/"):
                    yield f"{place}: {name} belongs into {homes[0]} alone"
            elif not quoted and relative.startswith(("src/", "include/")) and not room_of(root, name, quoted, rules.includes):
                yield from system_complaints(relative, place, name)


def system_complaints(relative, place, name):
    if name not in SYSTEM_HEADERS and not name.startswith(SYSTEM_FOLDERS):
        yield f"{place}: {name} is a library's header without a row in docs/ARCHITECTURE.md"
    elif relative.startswith(tuple(f"src/{room}/" for room in PURE_ROOMS)) and name not in PURE_HEADERS:
        yield f"{place}: {name} has no place in a pure room"


def own_header_complaints(root):
    """foo.c includes foo.h before anything else."""
    for path in sources(root, "src"):
        if path.suffix != ".c" or not path.with_suffix(".h").is_file():
            continue
        own = str(path.with_suffix(".h").relative_to(root / "src"))
        first = next(includes(path), (1, "nothing", True))
        if first[1] != own:
            yield f'{path.relative_to(root)}:{first[0]}: includes {first[1]} before its own "{own}"'


def links_complaints(root):
    """A room's CMakeLists.txt links only the rooms and libraries that its row allows, and compiles every file."""
    rules = read_rules(root)
    for path in sorted((root / "src").glob("*/CMakeLists.txt")):
        room = path.parent.name
        text = re.sub(r"#.*", "", path.read_text())
        for call in LINKS.findall(text):
            yield from call_complaints(room, call, rules)
        for source in sorted(path.parent.glob("*.c")):
            if not re.search(rf"\b{re.escape(source.stem)}\b", text):
                yield f"src/{room}/{source.name} is not compiled by its CMakeLists.txt"


def call_complaints(room, call, rules):
    for other in HOUSE_LIBRARY.findall(call):
        if other in rules.includes and other not in rules.includes.get(room, ()):
            yield f"src/{room}/CMakeLists.txt: {room} may not link toad_{other}"
    for library in {name for names in rules.links.values() for name in names}:
        allowed = set().union(*(rules.links[other] for other in rules.includes.get(room, ()) if other in rules.links))
        if re.search(rf"(?<![\w:]){re.escape(library)}(?![\w:])", call) and library not in allowed:
            yield f"src/{room}/CMakeLists.txt: {room} may not link {library}"
