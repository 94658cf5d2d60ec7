"""Every setting is documented."""
import settings

DEF = """\
    /* SETTING(name, ...) */
    SETTING(accepts, NUMBER, 1000)
    SETTING(workers,
            NUMBER, 4)
    """
PAGE = "| setting | meaning |\n|---|---|\n| `accepts` | how many |\n| `workers` | how many |\n"


def check(plant, definition, page):
    return list(settings.settings_complaints(plant({"src/config/settings.def": definition, "docs/settings.md": page})))


def test_every_setting_is_documented(root):
    assert list(settings.settings_complaints(root)) == []


def test_a_documented_setting_gives_no_complaint(plant):
    assert check(plant, DEF, PAGE) == []


def test_an_undocumented_setting_is_found(plant):
    page = PAGE.replace("| `workers` | how many |\n", "")
    assert check(plant, DEF, page) == ["docs/settings.md: does not explain `workers`"]


def test_a_documented_setting_that_is_gone_is_found(plant):
    page = PAGE + "| `spares` | how many |\n"
    assert check(plant, DEF, page) == ["docs/settings.md: explains `spares`, which src/config/settings.def does not have"]


def test_a_missing_page_is_found(plant):
    root = plant({"src/config/settings.def": DEF})
    assert len(list(settings.settings_complaints(root))) == 2


def test_a_list_that_cannot_be_read_is_not_taken_for_order(plant):
    assert check(plant, "ROW(accepts)\n", "\n") == ["src/config/settings.def: holds no SETTING(name, ...)"]
