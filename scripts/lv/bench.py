# SPDX-License-Identifier: BSD-2-Clause
"""The benchmarks' machines: each job boots one or more under -icount and returns what was measured, by name.

docs/benchmarks.md says what is measured and how; lv.bench_rows what becomes of it.
"""

import re
import subprocess
from dataclasses import replace

from lv import BUILD, ROOT, Failure, its
from lv.bench_count import counter
from lv.bundle import compile_its
from lv.console import FIRMWARE, HYPERVISOR, plain
from lv.machine import Machine, Options
from lv.monitor import Monitor

MIB = 1 << 20
GIB = 1 << 30
WINDOW = 4 * GIB
ENTRY = 0x40080000
CPU = "cortex-a57"
# A counter of 1 GHz: with an instruction a nanosecond, a tick is one.
COUNTER = ",cntfrq=1000000000"
WITH_EL2 = "virt,gic-version=3,virtualization=on,its=off,dtb-randomness=off"
WITHOUT_EL2 = "virt,gic-version=3,its=off,dtb-randomness=off"
MEASURE_IMAGE = str(BUILD / "measure" / "lendvisor.img")
PATIENCE = 600
ROUNDS = 16  # guest-tests/bare/lib/figure.h
END = "^# done|^Bail out"


def options(**words):
    words.setdefault("cpu", CPU)
    words["cpu"] += COUNTER
    return replace(Options(machine=WITH_EL2, icount=True), **words)


def start(name, vms, block_size=None, hashes=("crc32",), **words):
    """A machine with these VMs, its bundle and logs under build/bench/<name> and build/logs/bench/<name>."""
    work = BUILD / "bench" / name
    work.mkdir(parents=True, exist_ok=True)
    (work / "vms.its").write_text(its.write(vms, block_size, hashes))
    bundle = compile_its(work / "vms.its", work / "vms.itb")
    cpus = sum(vm.cpus or 1 for vm in vms)
    memory = sum(vm.boot_memory + (vm.owned_memory or 0) for vm in vms) + 2 * (block_size or 0)
    words = {"smp": cpus, "memory": memory + bundle.stat().st_size + 256 * MIB, **words}
    return Machine(options(bundle=str(bundle), **words), BUILD / "logs" / "bench" / name)


def start_plain(name, kernel, **words):
    """A machine without hypervisor."""
    return Machine(options(kernel=str(kernel), **words), BUILD / "logs" / "bench" / name)


def guest(name, program, args="", **properties):
    """A VM that runs build/<program>.bin."""
    return its.Vm(name, str(BUILD / (program + ".bin")), load=ENTRY, entry=ENTRY,
                  bootargs=args or None, **properties)


def lines_of(machine, source):
    return [plain(line.text) for line in machine.console.by_source[source]]


def check(machine, source):
    """A guest failed at nothing."""
    bad = [line for line in lines_of(machine, source) if re.match(r"not ok|Bail out", line)]
    if bad:
        raise Failure(f"{source}: {bad[0]}")


def figures(machine, source):
    """The figures of a guest that came to its end, and failed at nothing."""
    check(machine, source)
    found = [re.match(r"# figure (\S+) (\d+)$", line) for line in lines_of(machine, source)]
    return {match[1]: int(match[2]) for match in found if match}


def named(prefix, found):
    return {f"{prefix}.{key}": value for key, value in found.items()}


def idle(nr):
    """So many more VMs that do nothing; two by two they have a loan of each other's on offer. They come first: a VM's
    place is to cost nothing, either."""
    vms = []
    for i in range(max(nr, 0)):
        paired = {"args": "role=3", "boot_memory": 128 * MIB, "owned_memory": 8 * MIB,
                  "window": (WINDOW, 128 * MIB), "lend_to": [f"idle{i ^ 1}"]}
        vms.append(guest(f"idle{i}", "bench/lend", **paired if i ^ 1 < nr else {}))
    return vms


def traps(name="vm", vms=1, cpu=CPU):
    """What a guest's calls, loads, SGIs and ticks cost."""
    all_vms = idle(vms - 1) + [guest("alice", "bench/traps", cpus=2)]
    with start(f"traps-{name}", all_vms, 2 * MIB, cpu=cpu) as machine:
        machine.expect("alice", END, PATIENCE)
        return named(name, figures(machine, "alice"))


def plain_traps():
    """The same program without hypervisor."""
    with start_plain("traps-plain", BUILD / "bench" / "traps.bin", smp=2, memory="256M",
                     machine=WITHOUT_EL2) as machine:
        machine.expect(FIRMWARE, END, PATIENCE)
        return named("plain", figures(machine, FIRMWARE))


def floor(name="floor", cpu=CPU):
    """The least that zeroing and cleaning take at EL2."""
    with start_plain(name, BUILD / "bench" / "floor.bin", memory="3G", cpu=cpu) as machine:
        machine.expect(FIRMWARE, END, PATIENCE)
        return named(name, figures(machine, FIRMWARE))


def stats(machine, name):
    """(descriptor writes, tables used, tables owned) of a VM so far, from the monitor."""
    machine.focus("monitor", "m")
    machine.skip(HYPERVISOR)
    machine.send(f"stats {name}\r".encode())
    tables = machine.expect(HYPERVISOR, rf"{name}: .*tables (\d+) of (\d+)", 60)
    writes = machine.expect(HYPERVISOR, rf"{name}: \d+ TLB flushes, (\d+) descriptor writes", 60)
    machine.expect(HYPERVISOR, rf"{name}: of the pool", 60)
    return int(writes[1]), int(tables[1]), int(tables[2])


def counts(mib, absent="zero", cpu=CPU):
    """TLBIs and descriptor writes of one RETRIEVE and of one RELINQUISH; tables. Without -icount: they do
    not depend on time, and keys come through sooner."""
    block = mib * MIB
    name = f"counts-{mib}-{absent}" + (f"-{cpu}" if cpu != CPU else "")
    vm = guest("alice", "bench/lend", "role=1 step=1", owned_memory=block, boot_memory=128 * MIB,
               window=(WINDOW, max(block, 128 * MIB)), absent=absent)
    plugin, marks = counter(name)
    found, before = {}, None
    with start(name, [vm], block, icount=False, cpu=cpu, qemu_args=plugin) as machine:
        for step in ("retrieve", "relinquish", "end"):
            machine.expect("alice", rf"^# wait {step}$|^Bail out", PATIENCE)
            writes, used, owned = stats(machine, "alice")
            if before:
                found[f"{before[0]}-writes"] = writes - before[1]
            before = step, writes
            machine.focus("alice", 0)
            machine.send(b"x")
        machine.expect("alice", END, PATIENCE)
        figures(machine, "alice")
    at = marks()
    for step, first in (("retrieve", 0), ("relinquish", 2)):
        found[f"{step}-tlbis"] = at[first + 1].tlbis - at[first].tlbis
    return named(name, found | {"tables-used": used, "tables-owned": owned})


def lending(name, mib, blocks=1, vms=2, vcpus=1, fill=False, rounds=ROUNDS, **words):
    """The calls on one block: the last of so many, of so many MiB."""
    block = mib * MIB
    args = f"slot={blocks - 1} fill={int(fill)} alone={int(vms == 1)} rounds={rounds}"
    common = {"boot_memory": 128 * MIB, "window": (WINDOW, max(blocks * block, 128 * MIB))}
    all_vms = [guest("alice", "bench/lend", "role=1 " + args, owned_memory=blocks * block,
                     lend_to=["bob"] if vms > 1 else [], **common)]
    if vms > 1:
        all_vms.append(guest("bob", "bench/lend", f"role=2 rounds={rounds}", cpus=vcpus, **common))
    with start(f"lend-{name}", idle(vms - 2) + all_vms, block, **words) as machine:
        if vms > 1:
            machine.expect("bob", END, PATIENCE)
        machine.expect("alice", END, PATIENCE)
        for vm in idle(vms - 2):
            check(machine, vm.name)
        found = figures(machine, "alice")
        return named(name, found | (figures(machine, "bob") if vms > 1 else {}))


def holes(slots):
    """LEND where the borrower's window of so many slots is full of holes (guest-tests/bench/holes.c)."""
    block, more = 2 * MIB, 256
    alice = guest("alice", "bench/holes", boot_memory=128 * MIB, window=(WINDOW, (slots + more) * block),
                  owned_memory=(slots + more) * block, lend_to=["bob"])
    bob = guest("bob", "bench/holes", boot_memory=128 * MIB, window=(WINDOW, slots * block))
    with start(f"holes-{slots}", [alice, bob], block) as machine:
        machine.expect("alice", END, PATIENCE)
        check(machine, "bob")
        return named(f"holes-{slots}", figures(machine, "alice"))


def causes():
    """{as the instrument prints it: name} of what EL2 is entered for: calls by the headers, exceptions."""
    calls = re.findall(r"^#define LEND_(\w+) LEND_FN\(0x(\w)\)", (ROOT / "hyp/lend/abi.h").read_text(), re.M)
    psci = re.findall(r"^#define PSCI_(\w+) (0x84\w+)u", (ROOT / "hyp/cpu/psci.h").read_text(), re.M)
    return {"class 0x18": "system-register", "class 0x24": "device-register", "class 0x40": "interrupt",
            "class 0x41": "idle"} | {f"call {0x86000100 + int(nr, 16):#x}": slug(name) for name, nr in calls} | {
                f"call {nr}": slug("psci_" + name) for name, nr in psci}


def slug(name):
    return name.lower().replace("_", "-")


def longest(machine):
    """{cause: ns}, and how many stretches the instrument left out."""
    found, left_out = {}, None
    for line in lines_of(machine, HYPERVISOR):
        row = re.match(r"masked: CPU \d+: (.*): (\d+) ns$", line)
        if row:
            found[row[1]] = max(found.get(row[1], 0), int(row[2]))
        left_out = re.match(r"masked: (\d+) of \d+ stretches left out", line) or left_out
    if not found or not left_out:
        raise Failure("the image with the instrument in it printed nothing: make MEASURE=1 hypervisor")
    return found, int(left_out[1])


def masked(mib):
    """The longest stretch with interrupts masked, by call (guest-tests/bare/test_masked.c)."""
    block = mib * MIB
    window = (WINDOW, max(1536 * 2 * MIB, 2 * block))
    alice = guest("alice", "bare/masked", boot_memory=128 * MIB, window=window, lend_to=["bob"],
                  owned_memory=(256 if mib == 2 else 1) * block, cpus=8, extra="lendvisor,manager;")
    bob = guest("bob", "bare/masked", boot_memory=128 * MIB, window=window)
    with start(f"masked-{mib}", [alice, bob], block, kernel=MEASURE_IMAGE) as machine:
        machine.wait_end(PATIENCE)
        check(machine, "alice")
        check(machine, "bob")
        found, left_out = longest(machine)
    names = causes()
    return named(f"masked-{mib}", {names[cause]: found[cause] for cause in sorted(found, key=names.get)}) | {
        f"left-out-{mib}": left_out}


def restart(slots=8192):
    """The longest stretch, whatever for, while a VM of so many slots, an eighth of them its own, goes off and starts."""
    block = 2 * MIB
    vms = [guest("alice", "bench/lend", boot_memory=128 * MIB, owned_memory=slots // 8 * block,
                 window=(WINDOW, slots * block)),
           guest("bob", "bench/lend")]
    with start("restart", vms, block, kernel=MEASURE_IMAGE) as machine:
        for vm in vms:
            machine.expect(vm.name, r"^1\.\.", PATIENCE)
        monitor = Monitor(machine)
        monitor.until("stop alice", "^alice: off", PATIENCE)
        monitor.until("start alice", "^alice: started", PATIENCE)
        machine.expect("alice", r"^1\.\.", PATIENCE)
        monitor.until("stop alice", "^alice: off", PATIENCE)
        monitor.begin("stop bob")
        machine.wait_end(PATIENCE)
        return {"masked-restart": max(longest(machine)[0].values())}


def jitter():
    """How late a tick of 1 kHz comes while 1 GiB is scrubbed (guest-tests/bare/test_tick.c)."""
    common = {"boot_memory": 128 * MIB, "window": (WINDOW, GIB)}
    vms = [guest("bob", "bare/tick", **common),
           guest("alice", "bare/tick", cpus=2, owned_memory=GIB, lend_to=["bob"], **common)]
    with start("jitter", vms, GIB) as machine:
        machine.wait_end(PATIENCE)
        found = {}
        for name in ("alice", "bob"):
            check(machine, name)
            rows = [re.match(r"# (.*): \d+ ticks, at most (\d+) ns late", line) for line in lines_of(machine, name)]
            found |= {"jitter." + row[1].replace(" ", "-"): int(row[2]) for row in rows if row}
    return found


def entry(name, kernel_size, ramdisk=None, vms=1, hashes=("crc32",), **properties):
    """When a guest's first instruction runs, its kernel's image being of this size."""
    padded = BUILD / "bench" / f"entry-{name}.bin"
    padded.write_bytes((BUILD / "bench" / "entry.bin").read_bytes().ljust(kernel_size, b"\0"))
    vm = its.Vm("alice", str(padded), ramdisk=ramdisk, load=ENTRY, entry=ENTRY, **properties)
    others = [replace(vm, name=f"vm{i}") for i in range(1, vms)]
    with start(f"entry-{name}", [vm] + others, hashes=hashes) as machine:
        machine.expect("alice", END, PATIENCE)
        return figures(machine, "alice")["entry"]


def boot():
    """Image entry to the first guest's first instruction, by bytes of payload, by hashes over it, and by VMs."""
    small, large = 64 << 10, 16 * MIB + (64 << 10)
    return {
        "entry-small": entry("small", small),
        "entry-large": entry("large", large),
        "entry-large-twice": entry("large-twice", large, hashes=("crc32", "crc32")),
        "entry-16-vms": entry("16-vms", small, vms=16),
    }


def sizes():
    """Bytes of the records that VMs, vCPUs, slots and blocks cost."""
    lines = (BUILD / "bench" / "sizes").read_text().split("\n")
    return {f"size-{words[0]}": int(words[1]) for words in map(str.split, lines) if words}


def image():
    """Bytes of text and read-only data, as `make size` counts them, and source lines."""
    done = subprocess.run(["aarch64-linux-gnu-size", "-A", "-d", BUILD / "lendvisor.elf"], text=True,
                          capture_output=True, check=True).stdout
    text = sum(int(size) for size in re.findall(r"^\.(?:text|rodata)\S* +(\d+)", done, re.M))
    lines = subprocess.run([ROOT / "scripts" / "sloc", "boot", "hyp", "stage2", "dt"], text=True, cwd=ROOT,
                           capture_output=True).stdout.split("\n")[-2]
    return {"image": text, "sloc": int(lines.split()[0])}
