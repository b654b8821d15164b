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
        self.file = None

    def open(self, name):
        path = self.logs / (safe(name) + ".log")
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file = open(path, "wb", buffering=0)
        return path

    def say(self, text):
        self.file.write(f"\n=== {text}\n".encode())

    def console(self, data):
        if self.file:
            self.file.write(data)


class Worker:
    """Takes groups of cells, and gives results."""

    def __init__(self, out, number, report):
        self.out = out
        self.work = out / "work" / str(number)
        self.report = report

    def group(self, cells):
        log, table = CellLog(self.out), None
        self.work.mkdir(parents=True, exist_ok=True)
        for cell in cells:
            began = time.monotonic()
            path = log.open(cell.name)
            why = ""
            try:
                log.say(f"{cell.name}, {cell.cpus} vCPUs of alice: {cell.state.title}")
                if not table:
                    table = Table(cell.home, cell.route, cell.cpus, self.work, path.with_suffix(""), log.console)
                play(table, cell, log.say)
            except (Failure, Late, Dead) as e:
                why = str(e)
            except Exception:  # a check that is wrong must not end the others
                why = traceback.format_exc(limit=-3)
            if why:
                log.say(f"FAILED: {why}")
                if table:
                    table.close()
                table = None
            self.report(Result(cell.name, "failed" if why else "ok", why, time.monotonic() - began, path, cell))
        if table:
            table.close()


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
