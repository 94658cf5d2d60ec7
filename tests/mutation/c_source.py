"""c_source - as much of C as a mutator must see: tokens, functions with what they return, conditions, statements.

It relies on what clang-format makes of the sources: spaces on both sides of a binary operator, none behind a unary one."""
import re
from collections import namedtuple

Token = namedtuple("Token", "kind text start end")
# A function's body: tokens[begin] is its opening brace, tokens[end] the closing one.
Function = namedtuple("Function", "name returns begin end")

TOKEN = re.compile(r"""
    (?P<space>\s+|\\\n|/\*.*?\*/|//[^\n]*)
  | (?P<directive>(?<![^\n])\#(?:[^\n\\]|\\.|\\\n)*)
  | (?P<string>"(?:[^"\\\n]|\\.)*")
  | (?P<char>'(?:[^'\\\n]|\\.)+')
  | (?P<number>\d(?:[\w.])*)
  | (?P<name>[A-Za-z_]\w*)
  | (?P<sign><<=|>>=|\.\.\.|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|.)
""", re.VERBOSE | re.DOTALL)

OPENING = {"(": ")", "[": "]", "{": "}"}
KEYWORDS = {"if", "while", "for", "switch", "return", "do", "else", "case", "break", "continue", "goto", "sizeof"}
# What a declaration may begin with besides a name that is followed by another name.
DECLARATION = {"static", "const", "struct", "enum", "union", "unsigned", "signed", "extern", "typedef"}


def tokens_of(text):
    found = (Token(match.lastgroup, match.group(), match.start(), match.end()) for match in TOKEN.finditer(text))
    return [token for token in found if token.kind not in ("space", "directive")]


def partners_of(tokens):
    """The index of the closing bracket for each opening one."""
    partners, open_ones = {}, []
    for index, token in enumerate(tokens):
        if token.text in OPENING and token.kind == "sign":
            open_ones.append(index)
        elif open_ones and token.kind == "sign" and token.text == OPENING[tokens[open_ones[-1]].text]:
            partners[open_ones.pop()] = index
    return partners


class Source:
    """One file of C, read once."""

    def __init__(self, text):
        self.text = text
        self.tokens = tokens_of(text)
        self.partners = partners_of(self.tokens)
        self.functions = list(self._functions())

    def is_binary(self, index):
        """Has whitespace on both sides, as the formatter sets it around binary operators alone."""
        token = self.tokens[index]
        return self.text[token.start - 1].isspace() and self.text[token.end].isspace()

    def span(self, first, last):
        """The text from one token to another, both included."""
        return self.text[self.tokens[first].start:self.tokens[last].end]

    def _functions(self):
        """A brace in the first column that follows a closing parenthesis begins a function."""
        head = 0
        index = 0
        while index < len(self.tokens):
            token = self.tokens[index]
            if token.text in ("{", "(", "["):
                end = self.partners[index]
                if token.text == "{" and self.tokens[index - 1].text == ")":
                    yield self._function(head, index, end)
                if token.text == "{":
                    head = end + 1
                index = end
            elif token.text == ";":
                head = index + 1
            index += 1

    def _function(self, head, begin, end):
        words = [token.text for token in self.tokens[head:begin]]
        at = next(i for i, word in enumerate(words) if word == "(")
        returns = " ".join(word for word in words[:at - 1] if word not in ("static", "const", "MUST_CHECK"))
        return Function(words[at - 1], returns, begin, end)

    def statements(self, function):
        """(first, last) of each statement of a body that ends in a semicolon, without declarations."""
        index = function.begin + 1
        while index < function.end:
            text = self.tokens[index].text
            if text in ("{", "}", ";", "else", "do"):
                index += 1
            elif text in ("if", "while", "for", "switch"):
                index = self.partners[index + 1] + 1
            elif text == "case":
                index = self._until(index, ":") + 1
            else:
                last = self._until(index, ";")
                if not self._is_declaration(index):
                    yield index, last
                index = last + 1

    def _until(self, index, text):
        while self.tokens[index].text != text:
            index = self.partners.get(index, index) + 1
        return index

    def _is_declaration(self, index):
        first, second = self.tokens[index], self.tokens[index + 1]
        if first.text in DECLARATION:
            return True
        return first.kind == "name" and first.text not in KEYWORDS and (second.kind == "name" or (
            second.text == "*" and not self.is_binary(index + 1)))

    def conditions(self, function):
        """(first, last) of the expressions that decide: of if, while, for and ?:."""
        for index in range(function.begin, function.end):
            text = self.tokens[index].text
            if text in ("if", "while"):
                yield index + 2, self.partners[index + 1] - 1
            elif text == "for":
                first = self._until(index + 2, ";") + 1
                last = self._until(first, ";") - 1
                if first <= last:
                    yield first, last
            elif text == "?":
                yield self._chooser(index), index - 1

    def _chooser(self, question):
        """Where the condition of a ?: begins."""
        opened = {end: begin for begin, end in self.partners.items()}
        index = question - 1
        while True:
            token = self.tokens[index]
            if index in opened:
                index = opened[index]
            elif token.text in OPENING or token.text in (",", ";", "=", "return", "?", ":", "+=", "-="):
                return index + 1
            index -= 1

    def operators(self, first, last):
        """The signs between two tokens that stand in no bracket, the unary ones left out."""
        index = first
        while index <= last:
            token = self.tokens[index]
            if token.kind == "sign" and index not in self.partners and self.is_binary(index):
                yield token.text
            index = self.partners.get(index, index) + 1
