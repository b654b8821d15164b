# SPDX-License-Identifier: BSD-2-Clause
"""Runs cells of the kexec matrix, on machines that they share while nothing goes wrong."""

import queue
import re
import threading
import time
import traceback
from collections import namedtuple

from lv import Failure
from lv.kexec_play import play
from lv.kexec_table import Table
from lv.machine import Dead, Late

# why: '' or what failed. log: a file. kind: ok, failed, or left out.
Result = namedtuple("Result", "name kind why seconds log cell", defaults=(None,))


def safe(name):
    return re.sub(r"[^A-Za-z0-9_.+-]+", "-", name)


class CellLog:
    """A file for each cell: what was checked, and the consoles meanwhile."""

    def __init__(self, out):
        self.logs = out / "logs"
        self.logs.mkdir(exist_ok=True)
        self.path = self.file = self.began = None

    def open(self, name):
        """Its path."""
        self.path = self.logs / (safe(name) + ".txt")
        self.file = open(self.path, "wb", buffering=0)
        self.began = time.monotonic()
        return self.path

    def say(self, text):
        self.file.write(f"\n=== {time.monotonic() - self.began:.0f} s: {text}\n".encode())

    def console(self, data):
        self.file.write(data)


class Worker:
    """Takes groups of cells, and gives results."""

    def __init__(self, out, number, report):
        self.work = out / "work" / str(number)
        self.work.mkdir(parents=True, exist_ok=True)
        self.log = CellLog(out)
        self.report = report

    def table(self, home, route, cpus):
        """A new one, on its way into the log that is open."""
        return Table(home, route, cpus, self.work, self.log.path.with_suffix(""), self.log.console)

    def group(self, cells):
        """Cells that can share a machine; one that failed is not used again."""
        table = None
        for cell in cells:
            def run_cell(cell=cell, table=table):
                self.log.say(f"{cell.name}, {cell.cpus} vCPUs of alice: {cell.state.title}")
                table = table or self.table(cell.home, cell.route, cell.cpus)
                try:
                    play(table, cell, self.log.say)
                except BaseException:
                    table.close()
                    raise
                return table
            table = self.one(cell.name, run_cell, cell)
        if table:
            table.close()

    def one(self, name, what, cell=None):
        """Reports how what() went; returns what it returns, None if it failed."""
        began = time.monotonic()
        path = self.log.open(name)
        value, why = None, ""
        try:
            value = what()
        except (Failure, Late, Dead) as e:
            why = str(e)
        except Exception:  # a check that is wrong must not end the others
            why = traceback.format_exc(limit=-3)
        if why:
            self.log.say(f"FAILED: {why}")
        self.report(Result(name, "failed" if why else "ok", why, time.monotonic() - began, path, cell))
        return value


def groups(cells):
    """Lists of cells that share machines, the longest first."""
    found = {}
    for cell in cells:
        found.setdefault(cell.group, []).append(cell)
    return sorted(found.values(), key=len, reverse=True)


def run(out, tasks, jobs, report):
    """tasks: lists of cells, or functions of a Worker. jobs: how many at the same time."""
    left = queue.SimpleQueue()
    for task in tasks:
        left.put(task)

    def serve(number):
        worker = Worker(out, number, report)
        while True:
            try:
                task = left.get_nowait()
            except queue.Empty:
                return
            if callable(task):
                task(worker)
            else:
                worker.group(task)
    threads = [threading.Thread(target=serve, args=(nr,), daemon=True) for nr in range(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
