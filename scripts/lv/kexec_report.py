# SPDX-License-Identifier: BSD-2-Clause
"""Results of the kexec matrix: a table for the terminal, TAP, JUnit XML, and a page of HTML."""

import time
from html import escape
from xml.sax.saxutils import quoteattr

from lv.kexec_cells import NOT_ASKED_FOR, WAYS
from lv.kexec_states import STATES

COLUMNS = {"driver": "driver, boot map", "none": "no driver, boot map", "adopt": "no driver, adopt map",
           "adopt+driver": "driver, adopt map"}
MARKS = {"ok": "ok", "failed": "FAILED", "left out": "-"}

STYLE = """body { font: 15px sans-serif; margin: 2em; max-width: 75em }
table { border-collapse: collapse } td, th { border: 1px solid #aaa; padding: .25em .6em; text-align: left }
.ok { background: #cfc } .failed { background: #f99 } .left { color: #777 } pre { white-space: pre-wrap }"""


def by_cell(results):
    """{pair: {state: {way: result}}}, in the matrix' order."""
    cells = [result for result in results if result.cell]
    pairs = {}
    for state in STATES:
        for result in cells:
            if result.cell.state is state:
                pairs.setdefault(result.cell.pair, {}).setdefault(state, {})[result.cell.way.name] = result
    return pairs


def others(results):
    return [result for result in results if not result.cell]


def summary(results, seconds):
    counts = {kind: sum(result.kind == kind for result in results) for kind in MARKS}
    not_run = sum(result.kind == "left out" and result.why == NOT_ASKED_FOR for result in results)
    return (f"{counts['ok']} passed, {counts['failed']} failed, {counts['left out'] - not_run} left out, "
            f"{not_run} not asked for, in {seconds / 60:.0f} minutes")


def table(results):
    """For the terminal: rows of which anything ran."""
    widths = [len(text) for text in COLUMNS.values()]
    lines = [f"{'':16}  {'':40}  " + "  ".join(COLUMNS.values())]
    for pair, states in by_cell(results).items():
        ran = {state: ways for state, ways in states.items()
               if any(result.kind != "left out" for result in ways.values())}
        for nr, (state, ways) in enumerate(ran.items()):
            marks = [MARKS[ways[way.name].kind] if way.name in ways else "" for way in WAYS]
            lines.append(f"{pair if not nr else '':16}  {state.title:40}  "
                         + "  ".join(f"{mark:{width}}" for mark, width in zip(marks, widths)).rstrip())
    return "\n".join(lines + [f"{result.name}: {MARKS[result.kind]}" for result in others(results)])


def tap(results):
    lines = ["TAP version 13", f"1..{len(results)}"]
    for nr, result in enumerate(results, 1):
        skip = f" # SKIP {result.why}" if result.kind == "left out" else ""
        lines.append(f"{'not ' if result.kind == 'failed' else ''}ok {nr} - {result.name}{skip}")
        if result.kind == "failed":
            lines += [f"# {line}" for line in [*result.why.splitlines(), f"log: {result.log}"]]
    return "\n".join(lines) + "\n"


def junit(results):
    counts = {kind: sum(result.kind == kind for result in results) for kind in MARKS}
    lines = ['<?xml version="1.0" encoding="UTF-8"?>',
             f'<testsuite name="kexec" tests="{len(results)}" failures="{counts["failed"]}" '
             f'skipped="{counts["left out"]}">']
    for result in results:
        group, _, name = result.name.partition("/") if result.cell else ("kexec", "", result.name)
        lines.append(f'  <testcase classname={quoteattr("kexec." + group.replace(".", "_"))} '
                     f'name={quoteattr(name)} time="{result.seconds:.1f}">')
        if result.kind != "ok":
            tag = "failure" if result.kind == "failed" else "skipped"
            lines.append(f"    <{tag} message={quoteattr(printable(result.why))}/>")
        lines.append("  </testcase>")
    return "\n".join([*lines, "</testsuite>", ""])


def printable(text):
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in text)


def kernels(results):
    """Those of the cells, and what they are."""
    found = {kernel.name: kernel.version for result in results if result.cell
             for kernel in (result.cell.home, *result.cell.route)}
    return ", ".join(f"{name} is {version}" for name, version in found.items())


def html(results, title, seconds):
    """Rows are pairs and states; logs are linked as they lie below the page."""
    head = "".join(f"<th>{escape(text)}</th>" for text in COLUMNS.values())
    rows = []
    for pair, states in by_cell(results).items():
        for nr, (state, ways) in enumerate(states.items()):
            first = f'<th rowspan="{len(states)}">{escape(pair.replace(">", " → "))}</th>' if not nr else ""
            rows.append(f"<tr>{first}<td>{escape(state.title)}</td>"
                        + "".join(cell(ways.get(way.name)) for way in WAYS) + "</tr>")
    rest = "".join(f"<tr><td>{escape(result.name)}</td>{cell(result)}</tr>" for result in others(results))
    return f"""<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>
<h1>{escape(title)}</h1>
<p><b>{summary(results, seconds)}</b>, {time.strftime("%-d %B %Y, %H:%M")}. {escape(kernels(results))}.</p>
<p>A VM, alice, goes from one kernel to the next by kexec, and on to a third. Her peer, bob, lends to her and borrows
from her. Rows: the two kernels, and what is lent when she goes. Columns: whether the next kernel has the driver of the
lendable memory, and which map of memory it is given: that of the first boot, or one with the blocks in it. A cell is
ok if both VMs' data and the hypervisor's accounts were as before after each kexec; it leads to its log, that says what
was looked at. What is left out makes no sense, for the reasons below.</p>
<table><tr><th>kernels</th><th>state</th>{head}</tr>
{chr(10).join(rows)}
</table>
<h2>In a row</h2><table>{rest or '<tr><td>not run</td></tr>'}</table>
<h2>Failed</h2>{failures(results)}
<h2>Left out</h2>{left_out(results)}
</html>
"""


def cell(result):
    if not result:
        return '<td class="left"></td>'
    if result.kind == "left out":
        text = "not run" if result.why == NOT_ASKED_FOR else "left out"
        return f'<td class="left" title="{escape(result.why)}">{text}</td>'
    vcpus = f", {result.cell.cpus} vCPU{'s' * (result.cell.cpus > 1)}" if result.cell else ""
    mark = MARKS[result.kind]
    if result.log:
        mark = f'<a href="logs/{escape(result.log.name)}">{mark}</a>'
    return f'<td class="{result.kind}">{mark} ({result.seconds:.0f} s{vcpus})</td>'


def failures(results):
    failed = [result for result in results if result.kind == "failed"]
    return "".join(f"<h3>{escape(result.name)}</h3><pre>{escape(printable(result.why))}</pre>"
                   for result in failed) or "<p>nothing</p>"


def left_out(results):
    """By reasons."""
    reasons = {}
    for result in results:
        if result.kind == "left out" and result.why != NOT_ASKED_FOR:
            reasons.setdefault(result.why, []).append(result.name)
    return "".join(f"<p>{escape(why)}:<br>{escape(', '.join(names))}</p>"
                   for why, names in reasons.items()) or "<p>nothing</p>"


def write(out, results, title, seconds):
    """Files below out; seconds: how long it took."""
    (out / "results.tap").write_text(tap(results))
    (out / "results.xml").write_text(junit(results))
    (out / "index.html").write_text(html(results, title, seconds))
