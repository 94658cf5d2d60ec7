"""What the reader accepts, perl reads as the same data; what it calls wrong, perl refuses.

Files are random, from a fixed seed. Only files that the reader calls data are ever run by perl: they hold no code."""
import os
import pathlib
import random
import re
import shutil
import subprocess

import pytest

from perl_data import Generator

DUMP = os.environ["CONFIG_DUMP"]
PERL = shutil.which("perl")
pytestmark = pytest.mark.skipif(PERL is None, reason="there is no perl")

# Prints for each file named on standard input one line of events as config_dump does, or why there is none.
ORACLE = r"""
sub show { my $v = shift; my $r = ref $v;
  if ($r eq '') { return ' u' unless defined $v; utf8::encode($v) unless utf8::downgrade($v, 1); return ' t' . unpack 'H*', $v }
  return ' [' . join('', map { show($_) } @$v) . ' ]' if $r eq 'ARRAY';
  return ' {' . join('', map { my $k = $_; utf8::encode($k) unless utf8::downgrade($k, 1);
    ' k' . unpack('H*', $k) . show($v->{$_}) } sort keys %$v) . ' }' if $r eq 'HASH';
  return " ?$r" }
$SIG{__WARN__} = sub {};
while (my $name = <STDIN>) { chomp $name; $@ = '';
  my $data = do $name; my $error = $@; $error =~ s/\s+/ /g;
  print $error ? "ERROR $error" : ref $data eq 'HASH' ? 'DATA' . show($data) : 'OTHER', "\n" }
"""

# Compiles each file behind a return, so that nothing of it runs.
COMPILER = r"""
$SIG{__WARN__} = sub {};
while (my $name = <STDIN>) { chomp $name; open my $file, '<', $name or die; my $text = do { local $/; <$file> };
  print eval("return 1;\n$text\n") ? "RIGHT" : "ERROR", "\n" }
"""

# The reader's own rules (config_reader.h), beyond Perl's.
STRICTER = re.compile(r"has no value|cannot be a key|nested too deeply")


def perl(program, names):
    done = subprocess.run([PERL, "-e", program], input="".join(f"{name}\n" for name in names).encode("latin-1"),
                          capture_output=True, check=True)
    lines = done.stdout.decode("latin-1").splitlines()
    assert len(lines) == len(names), done.stderr.decode("latin-1")[-2000:]
    return lines


def dump(names):
    lines = []
    for first in range(0, len(names), 500):
        done = subprocess.run([DUMP, *names[first:first + 500]], capture_output=True, check=True)
        assert not done.stderr
        lines += done.stdout.decode("latin-1").split("\n")[:-1]
    assert len(lines) == len(names)
    return lines


def parse(events):
    """The value that a list of events stands for, () for none; of two equal keys the last counts."""
    stack = [[]]
    for event in events:
        kind, text = event[0], event[1:]
        if kind in "{[":
            stack.append([])
        elif kind in "}]":
            items = stack.pop()
            stack[-1].append(dict(zip(items[::2], items[1::2])) if kind == "}" else items)
        else:
            stack[-1].append(None if kind == "u" else text)
    assert len(stack) == 1 and len(stack[0]) <= 1
    return stack[0][0] if stack[0] else ()


def write_all(folder, texts):
    names = []
    for index, text in enumerate(texts):
        name = folder / f"{index}.conf"
        name.write_bytes(text.encode("latin-1"))
        names.append(str(name))
    return names


def with_plus(folder, name, offset):
    """The file with a plus before its first brace, which perl cannot take for a block then."""
    text = pathlib.Path(name).read_bytes()
    other = folder / (pathlib.Path(name).stem + ".plus")
    other.write_bytes(text[:offset] + b"+" + text[offset:])
    return str(other)


def agree(mine, answer):
    if isinstance(mine, dict):
        return answer.startswith("DATA") and parse(answer.split(" ")[1:]) == mine
    return answer == "OTHER"


def compare(folder, names, verdicts):
    """Counts the files that the reader calls data, and returns those that perl reads differently."""
    data = [(name, *verdict.split(" ")[1:]) for name, verdict in zip(names, verdicts) if verdict.startswith("DATA")]
    read = [parse(events) for _, _, *events in data]
    first = perl(ORACLE, [name for name, *_ in data])
    # Where perl guesses a block, a plus tells it that a hash is meant: the one leniency of the reader.
    asked = [index for index, (mine, answer) in enumerate(zip(read, first)) if isinstance(mine, dict) and not agree(mine, answer)]
    again = perl(ORACLE, [with_plus(folder, data[index][0], int(data[index][1])) for index in asked])
    answers = dict(enumerate(first)) | dict(zip(asked, again))
    return len(data), [(pathlib.Path(data[index][0]).read_bytes(), mine, answers[index])
                       for index, mine in enumerate(read) if not agree(mine, answers[index])]


@pytest.mark.parametrize("seed", [1, 2])
def test_generated_data_is_read_as_perl_reads_it(tmp_path, seed):
    # Promise CFG-1
    generator = Generator(random.Random(seed))
    names = write_all(tmp_path, [generator.file() for _ in range(1500)])
    verdicts = dump(names)
    refused = [(pathlib.Path(name).read_bytes(), verdict) for name, verdict in zip(names, verdicts) if not verdict.startswith("DATA")]
    assert not refused[:3]
    count, different = compare(tmp_path, names, verdicts)
    assert not different[:3] and count == 1500


@pytest.mark.parametrize("seed", [3, 4])
def test_changed_data_is_read_as_perl_reads_it_or_refused(tmp_path, seed):
    # Promise CFG-4
    generator = Generator(random.Random(seed))
    names = write_all(tmp_path, [generator.change(generator.file()) for _ in range(2500)])
    verdicts = dump(names)
    count, different = compare(tmp_path, names, verdicts)
    assert not different[:3]
    wrong = [(name, verdict) for name, verdict in zip(names, verdicts)
             if verdict.startswith("WRONG") and not STRICTER.search(verdict)]
    lenient = [(pathlib.Path(name).read_bytes(), verdict)
               for (name, verdict), answer in zip(wrong, perl(COMPILER, [name for name, _ in wrong])) if answer == "RIGHT"]
    assert not lenient[:3]
    # Each verdict has been seen often enough to mean something.
    assert count > 200 and len(wrong) > 200 and sum(verdict.startswith("MORE") for verdict in verdicts) > 200


def test_what_the_perl_program_prints_is_read_back_unchanged(tmp_path):
    # Promise CFG-2
    program = subprocess.run([DUMP, "--program"], capture_output=True, check=True).stdout.decode()
    generator = Generator(random.Random(5))
    texts = ["+" + generator.hash(1) for _ in range(60)]
    texts.append("my $n = 2; +{workers => $n * 2, bytes => join('', map { chr } 0 .. 255), wide => qq{\\x{263a}\\xe9}, r => \"a\\r\\nb\"}")
    names = write_all(tmp_path, texts)
    printed = []
    for name in names:
        done = subprocess.run([PERL, "-e", "BEGIN { @INC = () }", "-e", program, name], capture_output=True)
        assert done.returncode == 0, done.stderr
        printed.append(done.stdout.decode("latin-1"))
    assert all(" " <= byte <= "~" or byte == "\n" for text in printed for byte in text)
    folder = tmp_path / "printed"
    folder.mkdir()
    read = [parse(line.split(" ")[2:]) for line in dump(write_all(folder, printed))]
    asked = [parse(line.split(" ")[1:]) for line in perl(ORACLE, names)]
    assert read == asked


@pytest.mark.parametrize("text, error", [
    ("{", "perl cannot load it: Missing right curly"),
    ("[1]", "the file must return one hash, as in {workers => 4}"),
    ("1", "the file must return one hash"),
    ("{app => sub {1}}", "app is a CODE reference, which is not data"),
    ("+{a => {b => [\\1]}}", "a is a SCALAR reference"),
    ("+{a => qr/x/}", "a is a Regexp reference"),
    ("bless {}, 'X'", "the file must return one hash"),
    ("my $x = {}; $x->{x} = $x", "x is nested too deeply"),
    ("die qq{one\\ntwo\\n}", "perl cannot load it: one; two"),
])
def test_the_perl_program_says_what_is_wrong_in_one_line(tmp_path, text, error):
    # Promise CFG-2
    program = subprocess.run([DUMP, "--program"], capture_output=True, check=True).stdout.decode()
    [name] = write_all(tmp_path, [text])
    done = subprocess.run([PERL, "-e", program, name], capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith(f"{name}: {error}") and done.stderr.count("\n") == 1


def test_what_a_file_prints_does_not_mix_with_its_data(tmp_path):
    # Promise CFG-2
    program = subprocess.run([DUMP, "--program"], capture_output=True, check=True).stdout.decode()
    [name] = write_all(tmp_path, ["print qq{noise\\n}; $\\ = 'end'; $, = 'between'; +{a => 1}"])
    done = subprocess.run([PERL, "-e", program, name], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, '{"a"=>"1"}\n', "noise\n")


@pytest.mark.parametrize("lists, fits", [(63, True), (64, False)])
def test_the_perl_program_nests_as_deeply_as_the_reader(tmp_path, lists, fits):
    # Promise CFG-4
    program = subprocess.run([DUMP, "--program"], capture_output=True, check=True).stdout.decode()
    [name] = write_all(tmp_path, ["+{a => " + "[" * (lists - 1) + "['x']" + "]" * (lists - 1) + "}"])
    done = subprocess.run([PERL, "-e", program, name], capture_output=True, text=True)
    assert (done.returncode == 0) == fits and ("nested too deeply" in done.stderr) != fits
    [printed] = write_all(tmp_path, [done.stdout])
    assert dump([printed])[0].startswith("DATA")
