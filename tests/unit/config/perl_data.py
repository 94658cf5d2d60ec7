"""perl_data - random files of Perl data, and what they become when bytes of them are changed."""

BRACKETS = {"(": ")", "[": "]", "{": "}", "<": ">"}
DELIMITERS = list("([{<!|/,;:=#^~%*'\"_x3")
WORDS = ["listen", "workers", "a", "q", "qw", "y", "x", "undef", "print", "if", "__END__", "m", "s", "heartbeat_interval", "B2", "_u"]
PIECES = list("'\"{}[](),;#\\ \n\t$@+-._0123456789abeqwxX\r=>") + \
    ["=>", "=pod\n", "\n=cut\n", "__END__", "undef", "qw(", "q{", "qq<", "\\x{", "\\x", "\\0", "0x", "0b", "1_0", "..", " x ", "\\n"]


class Generator:
    def __init__(self, chance):
        self.chance = chance

    def one(self, *choices):
        return self.chance.choice(choices)

    def blank(self, line_ends=True):
        kinds = ["", " ", "  ", "\t"] + (["\n", "\r\n", " # it's a { comment\n", "\f", "\v", "\n\n"] if line_ends else [])
        return self.chance.choice(kinds)

    def plain_bytes(self):
        return "".join(self.chance.choice("abcXYZ 0123456789.:/*-_\xe9\xc3\xa9,;#") for _ in range(self.chance.randrange(8)))

    def single(self, opener, closer):
        text = ""
        for _ in range(self.chance.randrange(6)):
            text += self.one(self.plain_bytes(), "\\\\", "\\" + opener, "\\" + closer, "\\n", "$x @y", "\n", "\\ ")
        # What was not meant as a delimiter must not be one.
        return self.protect(text, opener, closer)

    def protect(self, text, opener, closer):
        """Puts a backslash before each bare delimiter."""
        out, at = "", 0
        while at < len(text):
            if text[at] == "\\" and at + 1 < len(text):
                out += text[at:at + 2]
                at += 2
                continue
            out += "\\" + text[at] if text[at] in (opener, closer, "\\") else text[at]
            at += 1
        return out

    def double(self, opener, closer):
        text = ""
        wide = self.chance.random() < 0.2
        for _ in range(self.chance.randrange(7)):
            text += self.one("abc d", "1:2", "\\n", "\\t", "\\\\", "\\$x", "\\@y", "\\e", "\\0", "\\12", "\\101x", "\\x41",
                             "\\x4 ", "\\x{41}", "\\\"", "\n", "x@ y", "@.", "\\-", "\\a\\b\\f\\r",
                             *(["\\x{263a}", "\\x{1F438}", "\\x{fff}", "\\x{17f}"] if wide else ["\xe9", "\\xe9", "\\377", "\\x{e9}"]))
        return self.protect(text, opener, closer)

    def delimiters(self, but=""):
        opener = self.chance.choice([d for d in DELIMITERS if d not in but])
        return opener, BRACKETS.get(opener, opener)

    def quoted(self):
        kind = self.chance.randrange(4)
        if kind == 0:
            return "'" + self.single("'", "'") + "'"
        if kind == 1:
            return '"' + self.double('"', '"') + '"'
        if kind == 2:
            opener, closer = self.delimiters()
            space = " " if opener.isalnum() or opener == "_" else self.blank(False) if opener != "#" else ""
            return "q" + self.not_arrow(space, opener) + self.single(opener, closer) + closer
        opener, closer = self.delimiters("_x3=:{")
        space = self.blank(False) if opener != "#" else ""
        return "qq" + self.not_arrow(space, opener) + self.double(opener, closer) + closer

    def not_arrow(self, space, opener):
        return space + opener

    def words(self):
        opener, closer = self.delimiters("_x3'\",;:=#^~%*")
        inner = self.chance.choice([" ", "\n", "\t "]).join(
            self.chance.choice(["a", "b1", "http://*:3000", "\\\\", "x\\y"]) for _ in range(self.chance.randrange(4) * 2))
        return "qw" + opener + self.protect(self.blank() .replace("#", "").replace("'", "") + inner, opener, closer) + closer

    def number(self):
        chance = self.chance
        digits = lambda most: str(chance.randrange(10 ** chance.randrange(1, most)))
        kinds = [
            lambda: digits(18), lambda: "1_000", lambda: "12_345_678", lambda: "0", lambda: "0x" + "%x" % chance.randrange(2 ** 40),
            lambda: "0X1F", lambda: "0b1011_01", lambda: "017", lambda: "0o17", lambda: "0_17",
            lambda: digits(8) .lstrip("0") + "1." + digits(6), lambda: "." + digits(6) + "1", lambda: "5.",
            lambda: "1." + digits(4) + "e" + str(chance.randrange(-9, 15)), lambda: "2E+3", lambda: "1e1_0", lambda: "1.5_5",
            lambda: "0.000" + digits(5) + "1", lambda: "0.0", lambda: "0e0", lambda: "18446744073709551615", lambda: "1e20",
            lambda: "9223372036854775807", lambda: "1" + "0" * 20,
        ]
        sign = self.one("", "", "", "-", "+", "- ", "+-")
        text = chance.choice(kinds)()
        # The lowest integer of Perl is smaller than the largest.
        return text if text.startswith("18446744073709551615") else sign + text

    def key(self):
        kind = self.chance.randrange(6)
        if kind < 3:
            return self.chance.choice(WORDS) + self.chance.choice(["", " ", "\t", "  "]), "=>"
        if kind == 3:
            return self.chance.choice(["-", "+", "- "]) + "flag" + self.chance.choice(["", " "]), "=>"
        if kind == 4:
            return self.quoted() + self.blank(), self.one("=>", ",")
        return self.one("1", "0x10", "1.50", "-7", "007") + self.blank(), self.one("=>", ",")

    def value(self, depth):
        kind = self.chance.randrange(10 if depth < 4 else 7)
        if kind < 3:
            return self.quoted()
        if kind < 5:
            return self.number()
        if kind == 5:
            return "undef"
        if kind == 6:
            return self.quoted()
        return self.one("", "+") + (self.list(depth + 1) if kind < 8 else self.hash(depth + 1))

    def commas(self):
        return self.one(",", ",", ",", ",,", "=>", ", ,")

    def list(self, depth):
        parts = [self.words() if self.chance.random() < 0.1 else self.value(depth) for _ in range(self.chance.randrange(5))]
        return self.join("[", parts, "]")

    def join(self, opener, parts, closer):
        text = opener + self.blank()
        for index, part in enumerate(parts):
            text += part + self.blank()
            if index + 1 < len(parts) or self.chance.random() < 0.3:
                # Over a line's end undef => is more than data.
                text += ("," if part.endswith("undef") else self.commas()) + self.blank()
        return text + closer

    def hash(self, depth):
        parts = []
        for _ in range(self.chance.randrange(6)):
            if self.chance.random() < 0.05:
                parts.append(self.words())
                continue
            key, arrow = self.key()
            parts.append(key + arrow + self.blank() + self.value(depth))
        return self.join("{", parts, "}")

    def file(self):
        before = self.one("", "", "# c\n", "\n", "=pod\n\nit's {\n\n=cut\n", "=head1 X\n\n=cut\n\n")
        after = self.one("", "\n", ";", " ; \n", ";\n=pod\n\nx {\n", ";\n=head1 Y\n=cut\n", "\n__END__\nfoo {", ";\n__DATA__\n'")
        return before + self.one("+", "+", "+ ", "") + self.hash(1) + self.blank() + after

    def change(self, text):
        """A few random edits."""
        for _ in range(self.chance.randrange(1, 4)):
            at = self.chance.randrange(len(text) + 1)
            size = self.chance.randrange(1, 4)
            text = self.chance.choice([
                lambda: text[:at] + text[at + size:],
                lambda: text[:at] + self.chance.choice(PIECES) + text[at:],
                lambda: text[:at] + self.chance.choice(PIECES) + text[at + 1:],
                lambda: text[:at] + text[at:at + 8] + text[at:],
            ])()
        return text
