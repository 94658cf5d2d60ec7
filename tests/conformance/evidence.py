"""evidence - what a check did, sent, saw and measured, with the second at which it did."""
import time

ENTRIES_MAX = 150
TEXT_MAX = 700


class Evidence:
    def __init__(self):
        self.began = time.monotonic()
        self.entries = []
        self.measures = []
        self.marks = []     # (time, text, pid): signals for the timeline
        self.left_out = 0

    def add(self, kind, text):
        """`kind` is did, sent or saw."""
        if len(self.entries) >= ENTRIES_MAX:
            self.left_out += 1
            return
        text = text if len(text) <= TEXT_MAX else f"{text[:TEXT_MAX]} ... ({len(text)} characters)"
        self.entries.append({"at": round(time.monotonic() - self.began, 3), "kind": kind, "text": text})

    def did(self, text):
        self.add("did", text)

    def sent(self, data):
        self.add("sent", shown(data))

    def saw(self, data):
        self.add("saw", shown(data))

    def mark(self, text, pid):
        self.marks.append((time.monotonic(), text, pid))

    def measure(self, what, seconds, at_least, at_most):
        self.measures.append({"what": what, "seconds": round(float(seconds), 6), "at_least": at_least, "at_most": at_most})


def shown(data):
    """Bytes as one reads them: CR, LF and what has no sign are spelled out."""
    if isinstance(data, str):
        return data
    text = data.decode("latin-1").replace("\r\n", "\\r\\n\n")
    return "".join(sign if sign == "\n" or sign.isprintable() and ord(sign) < 127 else f"\\x{ord(sign):02x}" for sign in text)
