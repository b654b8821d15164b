# SPDX-License-Identifier: BSD-2-Clause
"""lendctl, built for the host, on a tree of files that looks like the driver's sysfs: what it prints,
what it writes, how it ends. What is written stays in the files: nobody acts on it unless the test does."""

import json
import os
import re
import subprocess
import threading
import time
from pathlib import Path

import pytest
from lv import BUILD, ROOT
from lv.machine import deadline

TOOLS = ROOT / "guest-tests" / "linux" / "tools"
OTHERS = ("memfill", "memcheck", "dumpcheck", "pagemap")  # what the files of other tools begin with
BINARY = BUILD / "host" / "lendctl"
BASE = 0x1_0000_0000
BLOCK = 128 << 20
DEVICE = "bus/platform/drivers/lendmem/100000000.lendmem"


@pytest.fixture(scope="module", autouse=True)
def binary():
    BINARY.parent.mkdir(parents=True, exist_ok=True)
    sources = sorted(str(path) for path in TOOLS.glob("*.c") if not path.name.startswith(OTHERS))
    subprocess.run(["gcc", "-std=gnu11", "-g", "-O1", "-Wall", "-Wextra", "-Wshadow", "-Werror",
                    "-fsanitize=address,undefined", "-fno-sanitize-recover=all", *sources,
                    "-o", str(BINARY)], check=True, timeout=120)


class Tree:
    """sysfs as the driver shows it: slots are (kind, state) and what differs from a plain slot."""

    def __init__(self, root, slots, linux_block=BLOCK, **device):
        self.root = root
        self.device = root / DEVICE
        self.linux_block = linux_block
        values = dict(window=f"{BASE:#x}-{BASE + len(slots) * BLOCK - 1:#x}", block_size=BLOCK,
                      linux_block_size=linux_block, nr_slots=len(slots), vm=0, mode="standby",
                      version="1.0", block_cost=2359296, target=2, wanted=1, pool_held=1, pool_free=9,
                      quota=2, pool_slots=2, own_slots=4)
        for name, value in {**values, **device}.items():
            self.put(f"{DEVICE}/{name}", value)
        for name in ("lend", "donate", "reclaim", "revoke", "refuse", "drain"):
            self.put(f"{DEVICE}/{name}", "")
        for nr, name in enumerate(("retrieved", "relinquished", "aborts", "kept")):
            self.put(f"{DEVICE}/counters/{name}", nr)
        for nr, (kind, state, *more) in enumerate(slots):
            self.slot(nr, kind, state, **(more[0] if more else {}))

    def put(self, path, value):
        path = self.root / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{value}\n")

    def get(self, path):
        return (self.root / path).read_text()

    def slot(self, nr, kind, state, linux=None, **values):
        first = (BASE + nr * BLOCK) // self.linux_block
        files = dict(address=f"{BASE + nr * BLOCK:#x}", block=f"memory{first}" if linux else "none",
                     config=int(bool(linux)), contents="unchecked", deadline_ns=-1,
                     flags="own" if kind == "own" else "", generation=7, kind=kind, loan="0x0",
                     peer="none", state=state)
        for name, value in {**files, **values}.items():
            self.put(f"{DEVICE}/slots/{nr}/{name}", value)
        for block in range(first, first + max(1, BLOCK // self.linux_block)):
            if linux:
                self.put(f"devices/system/memory/memory{block}/state", linux)

    def linux_state(self, block):
        return self.get(f"devices/system/memory/memory{block}/state").strip()

    def start(self, *args, **options):
        # Leaks do not matter to a program that ends, and LeakSanitizer cannot run under a tracer.
        env = dict(os.environ, LENDCTL_SYSFS=str(self.root), ASAN_OPTIONS="detect_leaks=0")
        return subprocess.Popen([BINARY, *args], env=env, text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, **options)

    def run(self, *args):
        """(status, stdout, stderr)"""
        process = self.start(*args)
        out, err = process.communicate(timeout=60)
        assert "Sanitizer" not in err, err
        return process.returncode, out, err


ONLINE, OFFLINE = {"linux": "online"}, {"linux": "offline"}
LENT = {"loan": "0x100000001", "peer": "bob", "flags": "own revocable"}
SLOTS = [("own", "held", ONLINE), ("own", "held", ONLINE), ("own", "standby", OFFLINE),
         ("own", "lent", LENT), ("pool", "held", ONLINE), ("pool", "standby", OFFLINE),
         ("loan", "offered", {**OFFLINE, "loan": "0x200000001", "peer": "bob"}), ("loan", "empty")]


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path, SLOTS)


def test_list(tree):
    status, out, _ = tree.run("list")
    lines = [line.split() for line in out.splitlines()]
    assert status == 0
    assert lines[0] == ["SLOT", "ADDRESS", "KIND", "STATE", "BLOCK", "LINUX", "PEER", "LOAN", "DUE",
                        "CONTENTS", "FLAGS"]
    assert lines[1] == ["0-1", "0x100000000", "own", "held", "memory32-33", "online", "-", "-", "-",
                        "-", "own"]
    assert lines[3] == ["3", "0x118000000", "own", "lent", "-", "-", "bob", "0x100000001", "-", "-",
                        "own", "revocable"]
    assert [line[0] for line in lines[1:]] == ["0-1", "2", "3", "4", "5", "6"]
    assert len(tree.run("list", "--all")[1].splitlines()) == 1 + len(SLOTS)


def test_list_is_readable_with_long_names_and_hundreds_of_slots(tmp_path):
    name = "a-name-of-thirty-one-characters"
    slots = [("own", "held", ONLINE)] * 100 + [("pool", "standby", OFFLINE)] * 200
    slots += [("loan", "borrowed", {**ONLINE, "loan": "0xfffffffffffffffe", "peer": name,
                                    "flags": "recalled expired revocable keep adoptable busy",
                                    "deadline_ns": 0})] + [("loan", "empty")] * 99
    lines = Tree(tmp_path, slots).run("list")[1].splitlines()
    assert [line.split()[0] for line in lines] == ["SLOT", "0-99", "100-299", "300"]
    for title, value in (("PEER", name), ("LOAN", "0xfffffffffffffffe"), ("DUE", "0.0s"),
                         ("FLAGS", "recalled expired revocable keep adoptable busy")):
        assert lines[3].index(value) == lines[0].index(title), lines
        assert lines[1][lines[0].index(title) - 1] == " "


def test_list_json(tree):
    status, out, _ = tree.run("list", "--json")
    slots = json.loads(out)
    assert status == 0 and len(slots) == len(SLOTS)
    assert slots[3] == {"slot": 3, "address": BASE + 3 * BLOCK, "kind": "own", "state": "lent",
                        "block": None, "linux": None, "peer": "bob", "loan": "0x100000001",
                        "deadline_ns": None, "generation": 7, "contents": "unchecked",
                        "flags": ["own", "revocable"]}
    assert slots[0]["block"] == "memory32" and slots[0]["linux"] == "online"
    # A console of lendvisor breaks lines beyond that.
    assert max(map(len, out.splitlines())) < 400


def test_json_escapes(tmp_path):
    odd = 'a"b\\c\x01\xe9'
    tree = Tree(tmp_path, [("loan", "offered")])
    (tree.device / "slots/0/peer").write_bytes(odd.encode("latin-1"))
    assert json.loads(tree.run("list", "--json")[1])[0]["peer"] == odd


def test_status(tree):
    status, out, _ = tree.run("status")
    assert status == 0
    assert "own slots           4: 1 standby, 2 held, 1 lent\n" in out
    assert "pool                1 held, target 2, wanted 1, quota 2, 9 free\n" in out
    assert "aborts              2\n" in out
    told = json.loads(tree.run("status", "--json")[1])
    assert told["slots"] == {"own": {"standby": 1, "held": 2, "lent": 1},
                             "pool": {"standby": 1, "held": 1}, "loan": {"empty": 1, "offered": 1}}
    assert told["counters"]["relinquished"] == 1
    assert (told["pool_free"], told["mode"], told["version"]) == (9, "standby", "1.0")


@pytest.mark.parametrize("args, file, written, said", [
    (["lend", "3", "bob"], "lend", "3+1 bob ",
     "slot 3 (0x118000000-0x11fffffff) lent to bob, loan 0x100000001\n"),
    (["lend", "0+4", "bob", "--keep", "--revocable", "--keep"], "lend", "0+4 bob keep revocable",
     "slots 0-3 (0x100000000-0x11fffffff) lent to bob\n"),
    (["lend", "auto", "bob", "--adoptable"], "lend", "2+1 bob adoptable",
     "slot 2 (0x110000000-0x117ffffff) lent to bob\n"),
    (["donate", "memory33", "bob", "--keep"], "donate", "1+1 bob keep",
     "slot 1 (0x108000000-0x10fffffff) donated to bob\n"),
    (["reclaim", "3", "--deadline", "50"], "reclaim", "0x100000001 50",
     "loan 0x100000001 is recalled, 1 blocks are out\n"),
    (["reclaim", "0x77"], "reclaim", "0x77 0", "loan 0x77 is back\n"),
    (["revoke", "3"], "revoke", "0x100000001", "loan 0x100000001 is revoked\n"),
    (["refuse", "6"], "refuse", "6", "slot 6: the offer is refused\n"),
    (["target", "bob", "2"], "target", "bob 2", "target of bob: 2\n"),
])
def test_one_command_is_one_write(tree, args, file, written, said):
    assert tree.run(*args) == (0, said, "")
    assert tree.get(f"{DEVICE}/{file}") == written


@pytest.mark.parametrize("args", [
    [], ["fly"], ["lend", "3"], ["lend", "8", "bob"], ["lend", "7+2", "bob"], ["lend", "1+0", "bob"],
    ["lend", "1+", "bob"], ["lend", "+1", "bob"], ["lend", "--", "-1", "bob"], ["lend", "1x", "bob"],
    ["lend", " 1", "bob"], ["lend", "1+1+1", "bob"], ["lend", "3", "bob keep"], ["lend", "3", ""],
    ["lend", "3", "bob", "--json"], ["donate", "3", "bob", "--revocable"], ["reclaim", "0x"],
    ["reclaim", "0x0x1"], ["reclaim", "3", "-w", "-1"], ["reclaim", "3", "-w", "1s"],
    ["reclaim", "3", "--deadline", "1.5"], ["reclaim", "3", "--deadline", "99999999999999999999"],
    ["online", "memory31"], ["online", "memory40"], ["online", "memory"], ["wait", "any", "happy"],
    ["target", "bob"], ["target", "bob", "two"], ["list", "--no-action"], ["unload", "now"]])
def test_wrong_usage(tree, args):
    status, _, err = tree.run(*args)
    assert status == 2 and ("lendctl: " in err or not args)
    assert tree.get(f"{DEVICE}/lend") == "\n"


def test_errors_are_words_with_an_errno(tree):
    assert tree.run("online", "7")[2] == (
        "lendctl: online slot 7, which is empty: the slot or loan is in no state for this (ENXIO)\n")
    assert tree.run("reclaim", "0")[0] == 1
    (tree.device / "drain").unlink()
    status, _, err = tree.run("unload")
    assert status == 1 and "unload: give all memory back" in err and "(ENOENT)" in err


def test_without_a_driver(tmp_path):
    tree = Tree(tmp_path, [])
    tree.device.rename(tmp_path / "away")
    assert tree.run("list") == (1, "", "lendctl: list: the lendmem driver is not loaded, or this VM has "
                                "no window (ENODEV)\n")
    assert watch_lines(tree, 0) == ([], "")


def test_online_and_offline(tree):
    assert tree.run("online", "2") == (0, "slot 2: memory34 is online\n", "")
    assert tree.linux_state(34) == "online_movable"
    assert tree.run("online", "0") == (0, "slot 0: memory32 is online already\n", "")
    assert tree.run("offline", "memory33") == (0, "slot 1: memory33 is offline\n", "")
    assert tree.linux_state(33) == "offline"
    assert tree.run("online", "all")[0] == 0
    assert [tree.linux_state(block) for block in (33, 36, 37, 38)] == [
        "online_movable", "online", "online_movable", "online_movable"]


def test_dynamic(tmp_path):
    """config is what is written; the block follows."""
    tree = Tree(tmp_path, [("own", "standby"), ("own", "held", ONLINE)], mode="dynamic")
    assert tree.run("offline", "1")[0] == 0
    assert tree.get(f"{DEVICE}/slots/1/config") == "0"
    assert tree.run("online", "0")[0] == 1  # nobody is there who would add the block
    assert tree.get(f"{DEVICE}/slots/0/config") == "1"


def test_a_slot_of_several_blocks(tmp_path):
    tree = Tree(tmp_path, [("own", "held", ONLINE), ("own", "held", OFFLINE)], mode="dynamic",
                linux_block=BLOCK // 2)
    assert tree.run("online", "memory67")[1] == "slot 1: memory66 is online\n"
    assert (tree.linux_state(66), tree.linux_state(67)) == ("online_movable", "online_movable")
    assert "memory64-65" in tree.run("list")[1]
    tree.put("devices/system/memory/memory65/state", "offline")
    assert json.loads(tree.run("list", "--json")[1])[0]["linux"] == "mixed"


def test_a_block_of_several_slots(tmp_path):
    """What comes and goes together is lent together."""
    slots = [("own", "held", {"linux": "online", "block": f"memory{16 + nr // 2}"}) for nr in range(4)]
    tree = Tree(tmp_path, slots, linux_block=2 * BLOCK)
    assert "slots 2-3" in tree.run("lend", "auto", "bob")[1]
    assert tree.get(f"{DEVICE}/lend") == "2+2 bob "
    assert tree.run("list")[1].splitlines()[1].split()[:5] == [
        "0-3", "0x100000000", "own", "held", "memory16-17"]
    assert tree.run("offline", "memory17")[1] == "slot 2: memory17 is offline\n"


def test_wait(tree):
    assert tree.run("wait", "any", "offered") == (0, "6\n", "")
    assert tree.run("wait", "0", "standby", "-w", "0.2")[0] == 3
    timer = threading.Timer(0.3, tree.put, (f"{DEVICE}/slots/0/state", "standby"))
    timer.start()
    assert tree.run("wait", "0", "standby", "-w", "50")[:2] == (0, "0\n")
    timer.join()


def test_reclaim_waits(tree):
    assert tree.run("reclaim", "3", "--wait", "0.2")[0] == 3
    timer = threading.Timer(0.3, tree.put, (f"{DEVICE}/slots/3/state", "standby"))
    timer.start()
    assert tree.run("reclaim", "3", "--wait", "50")[:2] == (0, "loan 0x100000001 is back\n")
    timer.join()


def test_target(tree):
    assert tree.run("target") == (0, "target 2, held 1, wanted 1\n", "")
    assert json.loads(tree.run("target", "--json")[1]) == {"target": 2, "held": 1, "wanted": 1}


def wait_asleep(process):
    """Until it waits for events: a process that reads and writes files does not sleep elsewhere."""
    end = deadline(60)
    while Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "S":
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < end, "it does not come to rest"
        time.sleep(0.01)


def watch_lines(tree, nr_lines, *args):
    """The first lines of `watch`, and what else it has printed when it has nothing left to do."""
    watch = tree.start("watch", *args)
    lines = [watch.stdout.readline() for _ in range(nr_lines)]
    wait_asleep(watch)
    watch.kill()
    return lines, watch.communicate(timeout=60)[0]


MISSING = [("own", "standby", OFFLINE), ("pool", "held", ONLINE), ("pool", "standby", OFFLINE),
           ("pool", "standby"), ("pool", "standby", OFFLINE), ("loan", "offered", OFFLINE)]


def test_watch_onlines_what_is_missing(tmp_path):
    """The lowest standby pool slots that have a block, as movable; nothing else."""
    tree = Tree(tmp_path, MISSING, wanted=4)
    assert watch_lines(tree, 2) == (["online: slot 2, block memory34\n",
                                     "online: slot 4, block memory36\n"], "")
    assert [tree.linux_state(block) for block in (32, 33, 34, 36, 37)] == [
        "offline", "online", "online_movable", "online_movable", "offline"]


@pytest.mark.parametrize("held, args", [(4, []), (5, []), (1, ["--no-action"])])
def test_watch_is_quiet_when_there_is_nothing_to_do(tmp_path, held, args):
    tree = Tree(tmp_path, MISSING, wanted=4, pool_held=held)
    assert watch_lines(tree, 0, *args) == ([], "")
    assert tree.linux_state(34) == "offline"


DRIVER = ROOT / "guest-tests" / "linux" / "lendmem"
DOCS = ROOT / "docs"


def test_every_file_of_the_driver_is_documented():
    """docs/sysfs-lendmem has them all, and no others."""
    sources = "".join(path.read_text() for path in DRIVER.glob("*.c"))
    files = set(re.findall(r"\b(?:DEVICE_ATTR_(?:RO|RW|WO)\(|BIN_ATTR_ADMIN_RO\()(\w{2,})\b", sources)) - {"_name"}
    files |= set(re.findall(r"\b(?:FIXED|POOL)\((?!_)(\w+)", sources))
    files |= {f"counters/{name}" for name in
              re.findall(r"\b(?:HYPERVISOR|DRIVER)_COUNTER\((?!_)(\w+)", sources)}
    files |= {f"slots/<N>/{name}" for name in re.findall(r"\bSLOT_ATTR\((?!_)(\w+)", sources)}
    documented = set(re.findall(r"/<device>/(\S+)", (DOCS / "sysfs-lendmem").read_text()))
    assert len(files) > 30 and files - {"_name##"} == documented


def test_the_manual_page_has_every_command_and_option(tree):
    page = (DOCS / "lendctl.8").read_text().replace("\\-", "-")
    usages = re.findall(r"^  lendctl (\S+)(.*)", tree.run("--help")[1], re.M)
    assert len(usages) == 15
    for command, arguments in usages:
        assert f"\n.B {command}\n" in page, command
        for option in re.findall(r"--[a-z-]+", arguments):
            assert option in page, option


def test_the_manual_page_renders_without_warnings():
    done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", str(DOCS / "lendctl.8")], check=True,
                          capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    # Bold is an escape sequence, or each letter twice.
    assert "EXIT STATUS" in re.sub(r"\x1b\[[0-9;]*m|.\x08", "", done.stdout)
