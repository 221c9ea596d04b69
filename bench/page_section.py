"""A part of a Markdown page that a script rewrites: what stands between two comments that name it."""


def with_section(page, name, section):
    """The page with that part replaced, or added at its end."""
    first, last = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
    before, found, rest = page.partition(first)
    if found and last not in rest:
        raise SystemExit(f"{first.strip()} has no {last.strip()}")
    after = rest.partition(last)[2]
    return before.rstrip("\n") + "\n\n" + first + section + last + after


def rewrite(path, name, section):
    """The same in a file, which need not exist."""
    try:
        with open(path, encoding="utf-8") as file:
            old = file.read()
    except FileNotFoundError:
        old = ""
    with open(path, "w", encoding="utf-8") as file:
        file.write(with_section(old, name, section))
