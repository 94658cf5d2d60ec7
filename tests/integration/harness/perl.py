"""perl - writes a configuration as Perl data."""


def perl_data(value):
    if value is None:
        return "undef"
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(perl_data, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} => {perl_data(item)}" for key, item in value.items()) + "}"
    return repr(value)


def perl_file(settings):
    return "{\n" + "".join(f"    {name} => {perl_data(value)},\n" for name, value in settings.items()) + "};\n"
