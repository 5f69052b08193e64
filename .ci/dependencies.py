#!/usr/bin/env python3
"""Licences and known advisories of every crate in Cargo.lock, checked without a network.

    .ci/dependencies.py               check; exit 1 names each crate that does not pass
    .ci/dependencies.py update DIR    write .ci/advisories.tsv anew from a clone of the RustSec advisory database

Crates come from the registry, not from git or a path. Licences come from the crates' own manifests: each crate must
offer a choice made of ALLOWED licences only.
Advisories come from .ci/advisories.tsv, which holds every advisory of the RustSec database (CC0) as of the date in its
first line: package and version ranges, no texts. Limit: an advisory published after that date is not found until
somebody runs `update`; the check says how old the file is, and warns after 120 days.
"""
import datetime
import json
import pathlib
import re
import subprocess
import sys

ALLOWED = {
    "0BSD", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0",
    "CDLA-Permissive-2.0", "ISC", "MIT", "MIT-0", "Unicode-3.0", "Unlicense", "Zlib",
}
# Advisories that we know of and live with: id -> why. An entry that nothing needs any more is an error.
ACCEPTED: dict[str, str] = {}

HERE = pathlib.Path(__file__).resolve().parent
ADVISORIES = HERE / "advisories.tsv"


def main() -> int:
    if len(sys.argv) == 3 and sys.argv[1] == "update":
        return update(pathlib.Path(sys.argv[2]))
    if len(sys.argv) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    packages = locked_packages()
    problems = source_problems(packages) + licence_problems(packages) + advisory_problems(packages)
    for problem in problems:
        print(f"error: {problem}")
    print(f"dependencies: {len(packages)} crates, {len(problems)} problems")
    return 1 if problems else 0


def locked_packages() -> list[dict]:
    """Every crate of Cargo.lock, those of other platforms included."""
    command = ["cargo", "metadata", "--format-version", "1", "--locked"]
    metadata = json.loads(subprocess.run(command, cwd=HERE.parent, check=True, capture_output=True).stdout)
    ours = set(metadata["workspace_members"])
    return [package for package in metadata["packages"] if package["id"] not in ours]


def source_problems(packages: list[dict]) -> list[str]:
    elsewhere = [package for package in packages if not (package["source"] or "a path").startswith("registry+")]
    return [f"{package['name']} {package['version']} comes from {package['source'] or 'a path'}" for package in elsewhere]


# ── licences ──


def licence_problems(packages: list[dict]) -> list[str]:
    problems = []
    for package in packages:
        licence = package["license"] or f"none given (file {package['license_file']})"
        if not may_use(licence):
            problems.append(f"{package['name']} {package['version']} has the licence {licence}, which is not allowed")
    return problems


def may_use(licence: str) -> bool:
    """Whether an SPDX expression can be met by allowed licences alone. `/` is crates' old way to write OR.

    >>> may_use("GPL-3.0 OR (MIT AND Apache-2.0 WITH LLVM-exception)"), may_use("MIT/GPL-3.0")
    (True, True)
    >>> may_use("MIT AND GPL-3.0"), may_use("GPL-3.0 WITH Classpath-exception-2.0"), may_use("none given"), may_use("(MIT")
    (False, False, False, False)
    """
    tokens = re.findall(r"\(|\)|[^\s()]+", licence.replace("/", " OR "))
    try:
        holds, rest = choice(tokens)
    except IndexError:
        return False
    return holds and not rest


def choice(tokens: list[str]) -> tuple[bool, list[str]]:
    holds, tokens = both(tokens)
    while tokens[:1] == ["OR"]:
        other, tokens = both(tokens[1:])
        holds = holds or other
    return holds, tokens


def both(tokens: list[str]) -> tuple[bool, list[str]]:
    holds, tokens = single(tokens)
    while tokens[:1] == ["AND"]:
        other, tokens = single(tokens[1:])
        holds = holds and other
    return holds, tokens


def single(tokens: list[str]) -> tuple[bool, list[str]]:
    if tokens[0] == "(":
        holds, rest = choice(tokens[1:])
        return holds and rest[0] == ")", rest[1:]
    if tokens[1:2] == ["WITH"]:
        return " ".join(tokens[:3]) in ALLOWED, tokens[3:]
    return tokens[0] in ALLOWED, tokens[1:]


# ── advisories ──


def advisory_problems(packages: list[dict]) -> list[str]:
    advisories = read_advisories()
    problems, met = [], set()
    for package in packages:
        for advisory, kind, ranges in advisories.get(package["name"], []):
            if any(satisfies(package["version"], each) for each in ranges):
                continue
            met.add(advisory)
            if advisory in ACCEPTED:
                print(f"accepted: {package['name']} {package['version']}: {advisory} ({kind}): {ACCEPTED[advisory]}")
            else:
                problems.append(f"{package['name']} {package['version']} has the advisory {advisory} ({kind})")
    return problems + [f"{advisory} need not be accepted any more" for advisory in ACCEPTED if advisory not in met]


def read_advisories() -> dict[str, list[tuple[str, str, list[str]]]]:
    lines = ADVISORIES.read_text(encoding="utf-8").splitlines()
    tell_age(lines[0])
    advisories: dict[str, list] = {}
    for line in lines:
        if not line.startswith("#"):
            package, advisory, kind, ranges = line.split("\t")
            advisories.setdefault(package, []).append((advisory, kind, ranges.split("|") if ranges else []))
    return advisories


def tell_age(first_line: str) -> None:
    as_of = datetime.date.fromisoformat(re.search(r"\d{4}-\d\d-\d\d", first_line).group())
    age = (datetime.date.today() - as_of).days
    print(f"advisories as of {as_of}, {age} days old")
    if age > 120:
        print("warning: run `.ci/dependencies.py update DIR` on a fresh clone of the RustSec advisory database")


def satisfies(version: str, requirement: str) -> bool:
    """Cargo's meaning of a requirement such as `>= 1.2.3, < 2` or `^0.4.1`.

    >>> satisfies("1.10.0", ">= 1.2.3, < 2"), satisfies("2.0.0", ">= 1.2.3, < 2"), satisfies("1.2.3-rc.1", ">= 1.2.3")
    (True, False, False)
    >>> satisfies("0.4.9", "^0.4.1"), satisfies("0.5.0", "^0.4.1"), satisfies("1.9.0", "1.2"), satisfies("1.3.0", "~1.2.5")
    (True, False, True, False)
    >>> satisfies("1.0.0-beta.11", "> 1.0.0-beta.2"), satisfies("1.0.0+build", "= 1.0.0")
    (True, True)
    """
    return all(satisfies_one(version, part.strip()) for part in requirement.split(","))


def satisfies_one(version: str, part: str) -> bool:
    operator, wanted = re.fullmatch(r"(>=|<=|>|<|=|\^|~)?\s*([0-9].*)", part).groups()
    have, want = ordered(version), ordered(wanted)
    match operator:
        case ">=":
            return have >= want
        case "<=":
            return have <= want
        case ">":
            return have > want
        case "<":
            return have < want
        case "=":
            return have == want
        case "~":
            return want <= have and have[0][:2] == want[0][:2]
    # `^` or nothing: the same up to the first number that is not zero
    numbers = want[0]
    same = next((place for place, number in enumerate(numbers) if number), 2) + 1
    return want <= have and have[0][:same] == numbers[:same]


def ordered(version: str) -> tuple:
    """A version as something that compares as semver says: a pre-release comes before its release."""
    version = version.split("+")[0]
    numbers, _, pre = version.partition("-")
    parts = ([int(part) for part in numbers.split(".") if part.isdigit()] + [0, 0])[:3]
    # numbers come before words, as semver has it
    pre_parts = tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in pre.split(".")) if pre else ()
    return tuple(parts), not pre, pre_parts


def update(database: pathlib.Path) -> int:
    import tomllib

    rows = []
    for path in sorted(database.glob("crates/*/*.md")):
        text = path.read_text(encoding="utf-8")
        advisory = tomllib.loads(text.split("```toml\n", 1)[1].split("\n```", 1)[0])
        about, versions = advisory["advisory"], advisory["versions"]
        if "withdrawn" in about:
            continue
        ranges = "|".join(versions.get("patched", []) + versions.get("unaffected", []))
        rows.append("\t".join([about["package"], about["id"], about.get("informational", "vulnerability"), ranges]))
    log = ["git", "-C", str(database), "log", "-1", "--format=%cs, commit %H"]
    as_of = subprocess.run(log, check=True, capture_output=True, text=True).stdout.strip()
    head = f"# RustSec advisory database as of {as_of}\n# package, advisory, kind, versions that are not affected (any of)\n"
    ADVISORIES.write_text(head + "\n".join(rows) + "\n", encoding="utf-8")
    print(f"{ADVISORIES}: {len(rows)} advisories")
    return 0


if __name__ == "__main__":
    sys.exit(main())
