"""Makes the pages of the site that are not in docs/, and turns links between files of the repository into
links between pages. mkdocs calls the functions on_...; see mkdocs.yml. build/site-source has the pages of
commands: make docs lets dot write them."""

import json
import os
import posixpath
import re
from pathlib import Path

from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = ROOT / "build" / "site-source" / "commands"

# The sections of README.md that are pages. Home has the others.
SECTIONS = {
    "Five minutes": "tutorial.md",
    "Configuration": "configuration.md",
    "Where things lie": "files.md",
    'What "up to date" means': "up-to-date.md",
    "One start of dbt": "one-start.md",
    "Exit codes": "exit-codes.md",
    "What it was tested on": "tested.md",
    "Limits of this version": "limits.md",
}

# The pages for the messages in testdata/golden/errors, by what their names begin with.
ABOUT = [
    (("defer", "modified", "retry", "clone", "range-as-baseline", "same-place", "worktree", "docs-never"), "layers.md", "Layers"),
    (("not-isolated", "argument-breaks", "schema", "package-outside", "packages", "no-schema"), "isolation.md", "Isolation"),
    (("vars", "broken-environments", "no-default-environment", "unknown-environment", "unknown-output", "bad-vars"), "configuration.md", "Configuration"),
    (("no-dbt", "dbt-", "no-project", "no-repository", "no-commit", "no-profile", "no-output", "no-default-output", "broken", "variable-not-set", "no-permission", "workspace"), "tutorial.md", "Tutorial"),
]


def on_config(config):
    commands = [
        {f.read_text(encoding="utf-8").split("\n", 1)[0].removeprefix("# "): f"commands/{f.name}"}
        for f in sorted(COMMANDS.glob("dot-*.md"), key=lambda f: f.stem)
    ]
    if not commands:
        raise SystemExit("build/site-source/commands has no pages: run make docs")
    for section in config.nav:
        for pages in section.values():
            if not isinstance(pages, list):
                continue
            for page in pages:
                for title, target in page.items():
                    if target == "commands/":
                        page[title] = ["commands/index.md"] + commands
                    elif target == "decisions/":
                        page[title] = ["decisions/index.md"] + [f"decisions/{f.name}" for f in sorted((ROOT / "adr").glob("[0-9]*.md"))]
    return config


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def on_files(files, config):
    def add(uri, text):
        files.append(File.generated(config, uri, content=text))

    intro, sections = split(read("README.md"))
    home = intro
    for title, body in sections:
        if title in SECTIONS:
            add(SECTIONS[title], f"# {title}\n\n{raised(body)}")
        elif title != "Two commands":
            home += f"## {title}\n\n{body}"
    add("index.md", "---\nhide: [navigation]\n---\n" + home + START)
    add("changelog.md", read("CHANGELOG.md"))
    add("contributing.md", read("CONTRIBUTING.md"))
    for record in (ROOT / "adr").glob("*.md"):
        add("decisions/" + record.name.replace("README", "index"), SELDOM_READ + record.read_text(encoding="utf-8"))
    for page in COMMANDS.glob("*.md"):
        if page.stem != "dot":
            add(f"commands/{page.name}", page.read_text(encoding="utf-8"))
    add("commands/index.md", commands_index())
    add("messages.md", messages())
    add("json-schemas.md", schemas_page())
    for schema in sorted((ROOT / "schemas").glob("*.schema.json")):
        add("schemas/" + schema.name, schema.read_text(encoding="utf-8"))
    add("assets/extra.css", read("site/extra.css"))
    add("assets/search.js", read("site/search.js"))
    return files


# The search shows decisions below what they led to.
SELDOM_READ = "---\nsearch:\n  boost: 0.2\n---\n"

START = """
## Where to go on

- [Five minutes](README.md#five-minutes) with a sample shop: the tutorial.
- [Slim CI](docs/howto/slim-ci.md) builds what a pull request changes, and
  [compares the data](docs/howto/compare-a-pull-request.md).
- [The commands](commands/index.md), [the configuration](README.md#configuration), and
  [the messages](messages.md), which the search finds by their text.
"""


def split(text):
    """Returns what stands before the first section, and the sections with their titles."""
    parts = re.split(r"^## (.+)\n", text, flags=re.M)
    return parts[0], [(parts[i], parts[i + 1].strip("\n") + "\n\n") for i in range(1, len(parts), 2)]


def raised(body):
    """Returns a section's text with its headings one level higher."""
    return outside_code(body, lambda prose: re.sub(r"^##(#+ )", r"#\1", prose, flags=re.M))


def outside_code(text, change):
    parts = re.split(r"(^```.*?^```$)", text, flags=re.M | re.S)
    return "".join(p if p.startswith("```") else change(p) for p in parts)


def slug(heading):
    """The anchor of a heading, as on GitHub."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def anchors():
    """Where the headings of README.md are: page and anchor."""
    intro, sections = split(read("README.md"))
    found = {}
    for title, body in sections:
        page = SECTIONS.get(title, "index.md")
        found[slug(title)] = (page, "" if title in SECTIONS else slug(title))
        for heading in re.findall(r"^###+ (.+)$", body, flags=re.M):
            found[slug(heading)] = (page, slug(heading))
    return found


def commands_index():
    rows = []
    for page in sorted(COMMANDS.glob("*.md")):
        if page.stem == "dot":
            continue
        title, about = page.read_text(encoding="utf-8").split("\n\n", 2)[:2]
        rows.append(f"| [{title.removeprefix('# ')}]({page.name}) | {about.replace('|', chr(92) + '|')} |")
    return (
        "# Commands\n\n`dot COMMAND env@ref … [FLAGS] [-- DBT'S FLAGS]`. `dot COMMAND --help` shows the usual flags, "
        "`--help-all` all of them.\n\n| command | does |\n|---|---|\n" + "\n".join(rows) + "\n"
    )


def messages():
    """A page with each error that the tests know, as dot prints it."""
    entries = []
    for golden in (ROOT / "testdata" / "golden" / "errors").glob("*.golden"):
        text = golden.read_text(encoding="utf-8")
        errors = re.findall(r"^error: (.+)$", text, flags=re.M)
        if not errors:
            continue  # a warning only
        see = next((f"See [{title}]({page}).\n" for names, page, title in ABOUT if golden.stem.startswith(names)), "")
        entries.append((errors[-1].lower(), f"## {plain(errors[-1])}\n\n```\n{text.rstrip()}\n```\n\n{see}"))
    return (
        "---\nhide: [toc]\nsearch:\n  boost: 3\n---\n# Messages\n\nErrors of `dot`, with commands that lead to them and the hints that follow. Names and paths "
        "are those of an example. The search finds a message by its text.\n\n" + "\n".join(text for _, text in sorted(entries))
    )


def plain(text):
    """Returns a message as the text of a heading."""
    text = text if len(text) <= 120 else text[:117] + "…"
    # Not \<: the search would take what follows for a tag.
    return re.sub(r"([\\`*_\[\]#])", r"\\\1", text.replace("&", "&amp;").replace("<", "&lt;"))


def schemas_page():
    rows = []
    for file in sorted((ROOT / "schemas").glob("*.schema.json")):
        name = file.name.removesuffix(".schema.json")
        schema = json.loads(file.read_text(encoding="utf-8"))
        about = schema.get("description") or schema.get("title") or ""
        rows.append(f"| [`{name}`](schemas/{file.name}) | {about.split('. ')[0].replace('|', chr(92) + '|')} |")
    return (
        "# JSON schemas\n\n`dot json-schema NAME` prints the schema of a file that `dot` reads, or of JSON that it writes; "
        "without a name it lists them. [Editors](editors.md) use those of the configuration.\n\n"
        "| schema | describes |\n|---|---|\n" + "\n".join(rows) + "\n"
    )


# The directory in the repository that a page's links start from.
def source_dir(uri):
    if uri.startswith("decisions/"):
        return "adr"
    if uri in set(SECTIONS.values()) | {"index.md", "changelog.md", "contributing.md"}:
        return ""
    return posixpath.join("docs", posixpath.dirname(uri))


README = anchors()
LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")


def on_page_markdown(markdown, page, config, files):
    uri = page.file.src_uri
    if uri.startswith("commands/") or uri in ("messages.md", "json-schemas.md"):
        return markdown
    here = source_dir(uri)

    def rewrite(match):
        text, target = match.groups()
        if re.match(r"[a-z]+:", target):
            return match.group(0)
        path, _, anchor = target.partition("#")
        name = posixpath.normpath(posixpath.join(here, path)) if path else None
        if name is None:
            if here or uri not in set(SECTIONS.values()) | {"index.md"}:
                return match.group(0)
            name = "README.md"
        to = page_of(name, anchor)
        if to is None:
            return text
        target, anchor = to
        if target == uri and anchor:
            return f"[{text}](#{anchor})"
        return f"[{text}]({posixpath.relpath(target, posixpath.dirname(uri) or '.')}{'#' + anchor if anchor else ''})"

    return outside_code(markdown, lambda prose: LINK.sub(rewrite, prose))


def page_of(name, anchor):
    """Returns the page that has a file of the repository, and the anchor there; None if no page has it."""
    if name == "README.md":
        return README[anchor] if anchor else ("index.md", "")
    if name in ("commands/index.md", "messages.md", "json-schemas.md"):
        return name, anchor
    if name == "CHANGELOG.md":
        return "changelog.md", anchor
    if name == "CONTRIBUTING.md":
        return "contributing.md", anchor
    if name == "adr" or name == "adr/README.md":
        return "decisions/index.md", anchor
    if name.startswith("adr/"):
        return "decisions/" + name.removeprefix("adr/"), anchor
    if name.startswith("docs/"):
        return name.removeprefix("docs/"), anchor
    if re.fullmatch(r"schemas/[\w]+\.schema\.json", name):
        return name, ""
    return None  # code: a reader of the site doesn't have it
