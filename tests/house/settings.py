"""settings - every row of settings.def is explained on docs/settings.md, and nothing else is."""
import re

SETTING = re.compile(r"^[ \t]*SETTING\([ \t\n]*([a-z_]+)[ \t\n]*,", re.MULTILINE)
ROW = re.compile(r"^\| *`([a-z_]+)` *\|", re.MULTILINE)


def settings_complaints(root):
    listed = SETTING.findall((root / "src/config/settings.def").read_text())
    page = root / "docs/settings.md"
    explained = ROW.findall(page.read_text()) if page.is_file() else []
    if not listed:
        yield "src/config/settings.def: holds no SETTING(name, ...)"
    for name in listed:
        if name not in explained:
            yield f"docs/settings.md: does not explain `{name}`"
    for name in explained:
        if name not in listed:
            yield f"docs/settings.md: explains `{name}`, which src/config/settings.def does not have"
