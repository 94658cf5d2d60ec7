"""purity - the archives of the pure rooms need nothing but memory and text functions, and hold no writable data."""
import re
import subprocess

from rules import PURE_ROOMS, read_rules

MEMORY_AND_TEXT = set("""
    bcmp memchr memcmp memcpy memmem memmove memrchr memset strchr strcmp strcspn strlen strncmp strnlen strrchr strspn strstr
    snprintf vsnprintf
    __memcpy_chk __memmove_chk __memset_chk __snprintf_chk __vsnprintf_chk
    __assert_fail __stack_chk_fail _GLOBAL_OFFSET_TABLE_
""".split())
# What a room may need from the library that its row in docs/ARCHITECTURE.md lists.
LIBRARY_PREFIXES = {
    "llhttp": ("llhttp_",),
    "ZLIB::ZLIB": ("deflate", "inflate"),
    "OpenSSL::Crypto": ("EVP_Digest", "EVP_sha1"),
}
# What instrumented builds add, by the option that asks for it.
INSTRUMENTS = {
    "TOAD_SANITIZE": re.compile(r"__asan_|__ubsan_|__odr_asan|__sanitizer_|__lsan_"),
    "TOAD_COVERAGE": re.compile(r"__gcov"),
}
WRITABLE = re.compile(r"\.(data|bss|tdata|tbss|ldata|lbss)(?!\.rel\.ro)|\*COM\*")


def nm(archive):
    """Yields (symbol, kind, section) of an archive; U and w are needed from outside."""
    listing = subprocess.run(["nm", "--format=sysv", str(archive)], capture_output=True, text=True, check=True).stdout
    for line in listing.splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) == 7 and cells[0] != "Name":
            yield cells[0], cells[2], cells[6]


def needed_and_defined(archive):
    symbols = list(nm(archive))
    defined = {name for name, kind, _ in symbols if kind not in "Uwv"}
    return {name for name, kind, _ in symbols if kind in "Uw"} - defined, defined


def writable(archive):
    return {name for name, kind, section in nm(archive)
            if kind not in "Uw" and WRITABLE.match(section) and not name.startswith(".")}


def instruments(build):
    """What this build's options add to every object."""
    cache = (build / "CMakeCache.txt").read_text()
    return [pattern for option, pattern in INSTRUMENTS.items() if re.search(rf"^{option}:BOOL=(ON|1|TRUE)$", cache, re.M)]


def archive_of(build, room):
    return build / "src" / room / f"libtoad_{room}.a"


def purity_complaints(root, build):
    rules = read_rules(root)
    ignored = instruments(build)
    for room in PURE_ROOMS:
        if not (root / "src" / room).is_dir():
            continue
        archive = archive_of(build, room)
        if not archive.is_file():
            yield f"{room}: {archive.name} has not been built"
            continue
        yield from room_complaints(rules, build, room, ignored)


def room_complaints(rules, build, room, ignored):
    archive = archive_of(build, room)
    needed, _ = needed_and_defined(archive)
    below = [archive_of(build, other) for other in rules.includes[room] - {room}]
    allowed = MEMORY_AND_TEXT.union(*(needed_and_defined(other)[1] for other in below if other.is_file()))
    prefixes = tuple(prefix for library in sorted(rules.links[room]) for prefix in LIBRARY_PREFIXES.get(library, (library,)))
    for name in sorted(needed - allowed):
        if not any(pattern.match(name) for pattern in ignored) and not (prefixes and name.startswith(prefixes)):
            yield f"{room}: needs {name}, which is neither a memory nor a text function"
    for name in sorted(writable(archive)):
        if not any(pattern.match(name) for pattern in ignored):
            yield f"{room}: {name} is writable data; the storage is the caller's"
