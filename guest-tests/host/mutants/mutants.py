#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Seeds one fault after the other (the rows of `list`) into a copy of a source and expects a test to fail:

	guest-tests/host/mutants/mutants.py [--only NAME] [--jobs N] PROGRAM=SOURCE,SOURCE...

Reports in TAP. A row fails when its tests pass all the same (the mutant survives), when its text does not stand
exactly once in its file, or when what it makes does not compile. The programs are those of host.mk, built once
without sanitizers; of a mutant only the objects that see the changed file are built anew, with a copy of it that goes
before the true one. Nothing is written outside build/mutants.

The last tests are of the shrinker: with a fault seeded, the random test has to print a short C program that compiles,
fails with the fault and passes without it.
"""

import argparse
import re
import shutil
import subprocess
import sys
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).parent
OUT = Path("build/mutants")
CFLAGS = ["-std=gnu11", "-O1", "-Wall", "-Wno-unused", "-MMD"]
LINKS = ["-lcmocka", "-lfdt"]
RANDOM = "lend_random"
SHRINKER_ROWS = ["kept-data-to-a-borrower-without-keep", "lend-into-a-busy-slot",
                 "count-of-pool-blocks-leaks"]
SHRUNK_ACTS = 12  # the most that may be left
TIME_OUT = 30  # seconds; a mutant that never ends is caught, too
# Of the random tests; and memory is not given back to the kernel after each test, which takes most of the time.
ENVIRONMENT = {"STEPS": "300000", "SHRINK": "0", "MALLOC_MMAP_THRESHOLD_": str(1 << 30),
               "MALLOC_TRIM_THRESHOLD_": str(1 << 40)}


class BadRow(Exception):
    pass


def read_rows(path):
    """Rows are apart by blank lines: `name: file: programs`, then `-` lines (old) and `+` lines (new)."""
    rows = []
    for part in re.split(r"\n\s*\n", path.read_text()):
        lines = [line for line in part.splitlines() if line and not line.startswith("#")]
        if not lines:
            continue
        name, source, programs = (word.strip() for word in lines[0].split(":"))
        old = "\n".join(line[1:] for line in lines[1:] if line.startswith("-"))
        new = "\n".join(line[1:] for line in lines[1:] if line.startswith("+"))
        if not old.strip() or len(lines) != 1 + sum(line[0] in "-+" for line in lines[1:]):
            raise BadRow(f"{path}: {name}: not a row")
        rows.append((name, source, programs.split(), old, new))
    names = [row[0] for row in rows]
    if len(set(names)) != len(names):
        raise BadRow(f"{path}: two rows of one name")
    return rows


def change(text, old, new):
    """text with old, whatever its white space, replaced: it has to be there once."""
    pattern = r"\s+".join(re.escape(word) for word in old.split())
    found = list(re.finditer(pattern, text))
    if len(found) != 1:
        raise BadRow(f"the old text stands {len(found)} times in its file")
    start, end = found[0].span()
    return text[:start] + new.strip() + text[end:]


def run(command, **options):
    return subprocess.run(command, capture_output=True, text=True, errors="replace", check=False,
                          **options)


def compile_object(source, out, *before):
    done = run(["gcc", *CFLAGS, *before, "-I.", "-c", str(source), "-o", str(out)])
    if done.returncode:
        raise BadRow(f"{source} does not compile:\n{done.stderr}")


def base_object(source):
    return OUT / "base" / (source.replace("/", "_") + ".o")


def sees(source, changed):
    """Did the object of source read the file changed?"""
    words = base_object(source).with_suffix(".d").read_text().replace("\\\n", " ").split()
    return source == changed or changed in words


def link(objects, out):
    done = run(["gcc", *map(str, objects), "-o", str(out), *LINKS])
    if done.returncode:
        raise BadRow(f"{out} does not link:\n{done.stderr}")


def try_program(path, **more):
    """None when it passes, else how it failed."""
    try:
        done = run([str(path)], timeout=TIME_OUT, env={**os.environ, **ENVIRONMENT, **more})
    except subprocess.TimeoutExpired:
        return "no end"
    if done.returncode == 0:
        return None
    failed = re.findall(r"^\[  FAILED  \] (test_\w+)", done.stdout + done.stderr, re.M)
    return failed[0] if failed else f"exit {done.returncode}"


def build_mutant(row, sources, where, out):
    """Links the sources with the row's fault in them; objects built for another program of it are in where."""
    _, source, _, old, new = row
    copy = where / "tree" / source
    if not copy.exists():
        copy.parent.mkdir(parents=True)
        copy.write_text(change(Path(source).read_text(), old, new))
    objects = []
    for one in sources:
        built = where / (one.replace("/", "_") + ".o")
        if not sees(one, source):
            built = base_object(one)
        elif not built.exists():
            compile_object(copy if one == source else one, built, "-I", where / "tree")
        objects.append(built)
    link(objects, out)
    return objects


def mutate(row, programs):
    """Which programs failed on this mutant, {name: how}."""
    name, source, wanted, _, _ = row
    where = OUT / name
    where.mkdir()
    caught = {}
    for program in programs if wanted == ["any"] else wanted:
        if not any(sees(one, source) for one in programs[program]):
            continue
        build_mutant(row, programs[program], where, where / program)
        how = try_program(where / program)
        if how:
            caught[program] = how
        if how and wanted == ["any"]:
            break
    shutil.rmtree(where)
    return caught


def judge(row, programs):
    """(passed, what to say of it)"""
    name, source, wanted, _, _ = row
    try:
        caught = mutate(row, programs)
    except BadRow as bad:
        return False, f"{name}: {source}: {bad}"
    by = ", ".join(f"{program} ({how})" for program, how in caught.items())
    missing = [program for program in wanted if program != "any" and program not in caught]
    if missing or not caught:
        return False, f"{name}: survives {' '.join(missing) or 'all tests'}"
    return True, f"{name}: caught by {by}"


def judge_shrinker(row, programs):
    """The same for the program that the random test prints on this mutant."""
    where = OUT / f"shrinker-{row[0]}"
    where.mkdir()
    shrunk = where / "shrunk.c"
    sources = programs[RANDOM]
    try:
        objects = build_mutant(row, sources, where, where / RANDOM)
        how = try_program(where / RANDOM, SHRINK="1", SHRUNK=str(shrunk))
        if not how or not shrunk.exists():
            return False, f"shrinker: {row[0]}: nothing printed ({how})"
        acts = shrunk.read_text().count(".kind =")
        compile_object(shrunk, where / "shrunk.o", "-Wextra", "-Werror")
        link([where / "shrunk.o", *objects[1:]], where / "faulty")
        link([where / "shrunk.o", *map(base_object, sources[1:])], where / "true")
        faulty, true = try_program(where / "faulty"), try_program(where / "true")
    except BadRow as bad:
        return False, f"shrinker: {row[0]}: {bad}"
    text = f"shrinker: {row[0]}: {acts} acts are left, which compile"
    if not faulty or true or acts > SHRUNK_ACTS:
        return False, f"{text}; with the fault: {faulty or 'pass'}, without: {true or 'pass'}"
    return True, f"{text}, fail with the fault and pass without"


def report(number, passed, text):
    first, *rest = text.splitlines()
    print(f"{'ok' if passed else 'not ok'} {number} - {first}")
    for line in rest[:20]:
        print(f"# {line}")
    sys.stdout.flush()


def build_base(programs, jobs):
    shutil.rmtree(OUT, ignore_errors=True)
    (OUT / "base").mkdir(parents=True)
    sources = sorted({one for sources in programs.values() for one in sources})
    list(jobs.map(lambda one: compile_object(one, base_object(one)), sources))

    def check(program):
        link(map(base_object, programs[program]), OUT / "base" / program)
        return try_program(OUT / "base" / program)

    return dict(zip(programs, jobs.map(check, programs)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("programs", nargs="+")
    args = parser.parse_args()
    programs = {name: sources.split(",") for name, sources in
                (word.split("=") for word in args.programs)}
    rows = [row for row in read_rows(HERE / "list") if args.only in row[0]]
    unknown = {name for row in rows for name in row[2]} - {"any", *programs}
    if unknown:
        parser.error(f"a row names programs that are not given: {' '.join(sorted(unknown))}")
    failed = 0
    shrinker_rows = [row for row in rows if row[0] in SHRINKER_ROWS]
    with ThreadPoolExecutor(args.jobs) as jobs:
        print(f"1..{1 + len(rows) + len(shrinker_rows)}")
        bad = [f"{name} ({how})" for name, how in build_base(programs, jobs).items() if how]
        report(1, not bad, "unchanged: " + (" fails ".join(bad) if bad else "all tests pass"))
        if bad:
            return 1
        done = [jobs.submit(judge, row, programs) for row in rows]
        done += [jobs.submit(judge_shrinker, row, programs) for row in shrinker_rows]
        for number, one in enumerate(done, 2):
            passed, text = one.result()
            report(number, passed, text)
            failed += not passed
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
