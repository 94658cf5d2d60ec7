"""Reports: what they hold, in each of their forms."""
import copy
import html.parser
import json
import xml.etree.ElementTree as ElementTree

import jsonschema
import pytest

from conformance import page, report, timeline, virtual
from conformance.case import shown
from conformance.watch import Life, Watch

RESULT = {"id": "HBT-2.a", "tier": "scaled", "verdict": "FAIL", "message": "<5>, not 6 & more\x01", "reason": "", "kind": "", "seconds": 1.5,
          "evidence": [{"at": 0.1, "kind": "sent", "text": "<script>alert(1)</script>"}], "left_out": 3,
          "measures": [{"what": "a while", "seconds": 1.25, "at_least": 1, "at_most": None}], "timeline": "",
          "runs": [{"verdict": "FAIL", "seconds": 1.5}]}
WHOLE = {
    "schema": 1, "date": "2026-01-02T03:04:05Z", "selection": {"only": ["HBT-*"], "tiers": ["scaled"], "repeat": 1},
    "clauses": [{"id": "HBT-2", "text": "A `worker` & more.", "source": "POD"}, {"id": "MGR-4", "text": "Force.", "source": "CODE"}],
    "checks": [{"id": "HBT-2.a", "clause": "HBT-2", "also": ["MGR-4"], "title": "it is so", "about": "", "tiers": ["scaled"], "needs": []}],
    "targets": [{"name": "c", "title": "C <1>", "kind": "c", "version": "1.0", "capabilities": ["trace"], "seconds": 2.5, "lost": "",
                 "results": [RESULT]}]}


class Outline(html.parser.HTMLParser):
    """Elements that were opened and not closed, and the ids and links that there are."""
    VOID = {"meta", "br", "img", "line", "rect"}

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.ids, self.links = [], set(), set(), set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.ids |= {value for name, value in attributes if name == "id"}
        self.links |= {value for name, value in attributes if name in ("href", "src")}
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag


def changed(**members):
    return copy.deepcopy(WHOLE) | members


def test_the_example_fits_the_schema():
    assert report.validated(copy.deepcopy(WHOLE)) == WHOLE


@pytest.mark.parametrize("spoil", [
    lambda whole: whole.update(schema=2), lambda whole: whole.update(extra=1), lambda whole: whole.update(targets=[]),
    lambda whole: whole.update(date="today"),
    lambda whole: whole["targets"][0]["results"].clear(), lambda whole: whole["targets"][0]["results"][0].update(verdict="GOOD"),
    lambda whole: whole["targets"][0]["results"][0].pop("evidence"), lambda whole: whole["targets"][0]["results"][0].update(seconds=-1),
], ids=range(8))
def test_what_does_not_fit_is_refused(spoil):
    whole = copy.deepcopy(WHOLE)
    spoil(whole)
    with pytest.raises(jsonschema.ValidationError):
        report.validated(whole)


def test_the_page_needs_nothing_else_and_hides_nothing():
    text = page.render(WHOLE)
    outline = Outline(text)
    assert outline.open == [] and "script" not in outline.tags and "link" not in outline.tags
    assert {"HBT", "HBT-2", "MGR-4"} <= outline.ids
    assert {link.lstrip("#") for link in outline.links} <= outline.ids
    for shown in ("&lt;5&gt;, not 6 &amp; more", "&lt;script&gt;", "a while", "1.250", "✗", "FAIL", "C &lt;1&gt;", "and 3 entries more",
                  "width=device-width"):
        assert shown in text, shown


def test_each_verdict_has_a_sign_and_a_word_of_its_own():
    assert len(set(page.SIGNS.values())) == len(page.SIGNS) == len(set(page.WORDS.values())) == 6


def test_junit_counts_as_its_readers_do():
    counters = {"FAIL": "failures", "XPASS": "failures", "ERROR": "errors", "XFAIL": "skipped", "UNSUPPORTED": "skipped", "PASS": None}
    for verdict, counter in counters.items():
        whole = copy.deepcopy(WHOLE)
        whole["targets"][0]["results"][0]["verdict"] = verdict
        suite = ElementTree.fromstring(report.junit(whole))[0]
        assert suite.get("tests") == "1"
        assert {name for name in ("failures", "errors", "skipped") if suite.get(name) == "1"} == ({counter} if counter else set()), verdict
        assert len(suite[0]) == (verdict != "PASS")


def test_merging_keeps_both_targets_and_renews_one():
    other = changed(targets=[copy.deepcopy(WHOLE["targets"][0]) | {"name": "perl"}])
    both = report.merge(other, WHOLE)
    assert [target["name"] for target in both["targets"]] == ["perl", "c"]
    assert [target["name"] for target in report.merge(both, other)["targets"]] == ["c", "perl"]


def test_all_forms_are_written(tmp_path):
    paths = report.write(WHOLE, tmp_path / "new")
    assert [path.name for path in paths] == ["report.json", "junit.xml", "index.html"]
    assert json.loads(paths[0].read_text()) == WHOLE


# ---- Pictures ----

def test_a_timeline_shows_each_process_and_signal():
    watch = Watch("mark", "/nowhere")
    watch.began = 100.0
    watch.lives = {1: Life(1, 0, 100.0), 2: Life(2, 1, 100.5), 3: Life(3, 1, 101.0)}
    watch.lives[2].ended = 102.0
    watch.name(1, "manager")
    picture = timeline.draw(watch, [(101.5, "STOP<", 2), (101.6, "TERM", 99)])
    tree = ElementTree.fromstring(picture)
    assert sum(element.tag.endswith("rect") for element in tree.iter()) == 3
    assert "STOP&lt;" in picture and "TERM" not in picture and "manager 1" in picture and picture.count("×") == 1


def test_without_processes_there_is_no_timeline():
    assert timeline.draw(Watch("mark", "/nowhere"), []) == ""


def test_virtual_times_are_exact():
    assert virtual.line_of({"t": virtual.Decimal("10.199999"), "event": "tick"}) == '{"t":10.199999,"event":"tick"}'


def test_virtual_times_are_read_as_numbers():
    assert shown([(101, virtual.Decimal("10.2"), "QUIT")]) == "[(101, 10.2, 'QUIT')]"
