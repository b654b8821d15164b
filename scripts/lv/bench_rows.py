# SPDX-License-Identifier: BSD-2-Clause
"""What the measured comes to: rows of a table, each with its bound where it has one."""

from dataclasses import dataclass

from lv import Failure

SIZES = (2, 16, 128, 1024)  # MiB
CALL_BOUND, BOTH_BOUND, MASKED_BOUND = 200, 5000, 50000  # a call that does nothing; LEND and RETRIEVE; interrupts
SOMETHING = 1e-6  # a figure of less is one of nothing
TIMES = 64  # a call or load is repeated so often in a figure of its kind

# What must not grow with VMs, blocks and the borrower's vCPUs: a job, the one that it is compared with, a title. All that
# the latter measures has to be there; of a VM without peers, what it does with own blocks.
GROWTH = (
    ("1-vm", "2", "1 VM"), ("4-vms", "2", "4 VMs"), ("16-vms", "2", "16 VMs"),
    ("64-blocks", "2", "64 blocks"), ("512-blocks", "2", "512 blocks"),
    ("8192-blocks", "2", "8,192 blocks, borrower full but for one"),
    ("2-vcpus", "2", "2 vCPUs"), ("4-vcpus", "2", "4 vCPUs"), ("8-vcpus", "2", "8 vCPUs"),
    ("vm-of-16", "vm", "16 VMs in place of 1, of calls, loads, SGI, tick"),
)
ALONE = "1-vm"
SEARCH_STEP = 6

# Of each group that a quick run has a part of: what a full one has.
WHOLE = (*(f"lend-{mib}" for mib in SIZES), *(f"retrieve-writes-{mib}-zero" for mib in SIZES),
         *(f"masked-{mib}.retrieve" for mib in (2, 128, 1024)), *(f"move-{mib}.total" for mib in (128, 1024)),
         "move-1024-unused.total")

I = "instructions"


@dataclass
class Row:
    group: str
    name: str
    value: float
    unit: str = I
    bound: float = None  # at most this
    note: str = ""
    least: float = SOMETHING  # None: may be anything

    def missed(self):
        low = self.least is not None and self.value < self.least
        return low or (self.bound is not None and self.value > self.bound)


def per(raw, job, name):
    """One of the calls or loads that a figure repeats."""
    return (raw[f"{job}.{name}-{TIMES}"] - raw[f"{job}.nothing"]) / TIMES


def call(raw, job, name):
    """A call as the guest sees it, without the guest's own instruction before it."""
    return per(raw, job, f"call-{name}") - 1


def traps(raw):
    def plain(value):
        return f"without hypervisor {value:g}"

    group = "Leaving the guest, there and back"
    rows = [Row(group, f"call-{name}", call(raw, "vm", name), bound=bound)
            for name, bound in (("null", CALL_BOUND), ("unknown", CALL_BOUND), ("event-next", None))]
    rows.append(Row(group, "call-psci-version", call(raw, "vm", "psci-version"),
                    note=plain(call(raw, "plain", "psci-version")) + ", by QEMU's PSCI"))
    rows += [Row(group, title, per(raw, "vm", name), note=plain(per(raw, "plain", name)))
             for title, name in (("load-pl011", "load-pl011"), ("load-gicd", "load-gicd"),
                                 ("load-gicd-pending", "load-gicd-pending"), ("console-character", "character"))]
    return rows + [Row(group, name, raw[f"vm.{name}"], note=plain(raw[f"plain.{name}"]) + ", the guest's part in both")
                   for name in ("sgi-round-trip", "tick")]


def other_cpu(raw):
    """The bounds of single calls again, on a CPU with all that QEMU knows."""
    group = "On -cpu max"
    return [
        Row(group, "call-null-max", call(raw, "vm-max", "null"), bound=CALL_BOUND),
        scrub_row(group, "max", scrub(raw, "max"), raw["floor-max.128"]),
        Row(group, "lend-and-retrieve-max", raw["max.lend"] + raw["max.retrieve"], bound=BOTH_BOUND,
            note="of 128 MiB"),
    ]


def scrub(raw, job):
    """Scrubbing one block of a job: a RETRIEVE that has to, less one that has not."""
    return raw[f"{job}.retrieve-dirty"] - raw[f"{job}.retrieve"]


def scrub_row(group, job, cost, floor):
    return Row(group, f"scrub-{job}", cost, least=floor, bound=1.02 * floor,
               note=f"floor {floor}, {100 * cost / floor - 100:+.2f} %")


def lending(raw, mib):
    job = str(mib)
    group = f"Lending a block of {mib} MiB"
    cost = scrub(raw, job)
    retrieve = raw[f"{job}.retrieve"]
    # An entry is a GiB or 2 MiB: the bound for large blocks is that of one entry.
    single = 2000 if mib in (2, 1024) else None
    return [
        scrub_row(group, job, cost, raw[f"floor.{mib}"]),
        Row(group, f"lend-{job}", raw[f"{job}.lend"]),
        Row(group, f"retrieve-{job}", retrieve, bound=single, note="of a clean block"),
        Row(group, f"lend-and-retrieve-{job}", raw[f"{job}.lend"] + retrieve, bound=BOTH_BOUND),
        Row(group, f"retrieve-and-scrub-{job}", raw[f"{job}.retrieve-dirty"]),
        Row(group, f"relinquish-{job}", raw[f"{job}.relinquish"] - cost, bound=single, note="scrub aside"),
        Row(group, f"relinquish-and-scrub-{job}", raw[f"{job}.relinquish"]),
        Row(group, f"relinquish-keep-{job}", raw[f"{job}.own-relinquish-keep"], note="contents cleaned to memory"),
        Row(group, f"reclaim-offer-{job}", raw[f"{job}.reclaim-offer"]),
        Row(group, f"reclaim-recall-{job}", raw[f"{job}.reclaim-recall"]),
        Row(group, f"revoke-{job}", raw[f"{job}.revoke"] - cost, note="scrub aside"),
        Row(group, f"revoke-and-scrub-{job}", raw[f"{job}.revoke"]),
        Row(group, f"there-and-back-{job}", raw[f"{job}.there-and-back"],
            note=f"A to B to A, all code; two scrubs are {2 * cost}"),
    ]


def descriptors(raw, mib, absent, cpu=""):
    """Demanded: each entry written once, and over or under what is valid broken first; and of what was valid, TLBs are rid
    by one TLBI for all of the VM, or on a CPU that has them by range by two: of stage-2 by the range, and of what
    stage-1 made of it."""
    entries = 1 if mib == 1024 else mib // 2
    twice = 2 if absent == "zero" else 1
    tail = f"{mib}-{absent}" + (f"-{cpu}" if cpu else "")
    rows = []
    for step in ("retrieve", "relinquish"):
        tlbis = (2 if cpu == "max" else 1) if step == "relinquish" or absent == "zero" else 0
        rows += [Row("Descriptor writes and TLBIs", f"{step}-{what}-{tail}", raw[f"counts-{tail}.{step}-{what}"], what,
                     demanded, "demanded", least=demanded)
                 for what, demanded in (("writes", twice * entries), ("tlbis", tlbis))]
    return rows


def by_figure(raw, job):
    return {key.split(".")[1]: value for key, value in raw.items() if key.startswith(job + ".")}


def growth_row(raw, job, base, title):
    """By how much the figure that grows most does, of all that a job measures."""
    found, less = by_figure(raw, job), by_figure(raw, base)
    expected = {key for key in less if job != ALONE or key.startswith("own-")}
    if set(found) != expected or not found:
        raise Failure(f"{job} has other figures than {base}: {sorted(set(found) ^ expected)}")
    nothing = [f"{name}.{key}" for name, figures in ((job, found), (base, less)) for key, value in figures.items()
               if value <= 0]
    if nothing:
        raise Failure(f"{nothing[0]} is 0: nothing was measured")
    more = {key: value - less[key] for key, value in found.items()}
    if job == "8192-blocks":
        # The search for room in a window: one step more for each 4,096 slots.
        more["lend-by-turns"] -= SEARCH_STEP
        title += f"; lend-by-turns: {SEARCH_STEP} less than it is"
    worst = max(more, key=more.get)
    return Row("What more VMs, blocks and vCPUs cost: 2 VMs, 8 blocks of 2 MiB, 1 vCPU of the borrower, but for",
               f"growth-{job}", more[worst], bound=0, note=title + (f": {worst}" if more[worst] else ""), least=None)


def growth(raw):
    return [growth_row(raw, *row) for row in GROWTH]


def holes_rows(raw):
    """The search for room grows with the words of the window that have some: with all of it interrupts are masked."""
    return [Row("LEND to a borrower with so many slots, half of them in holes of two", f"holes-{slots}-{key}", value,
                bound=MASKED_BOUND)
            for slots in (512, 8192) for key, value in by_figure(raw, f"holes-{slots}").items()]


def masked_rows(raw):
    rows = []
    for mib in (mib for mib in SIZES if f"left-out-{mib}" in raw):
        group = f"Longest stretch with interrupts masked at EL2, blocks of {mib} MiB"
        rows += [Row(group, key, raw[key], bound=MASKED_BOUND) for key in raw if key.startswith(f"masked-{mib}.")]
        rows.append(Row(group, f"left-out-{mib}", raw[f"left-out-{mib}"], "stretches", least=None,
                        note="not measured: another CPU came to EL2 meanwhile"))
    return rows + [Row("The same while a VM of 8,192 slots goes off and starts again", "masked-restart",
                       raw["masked-restart"], bound=MASKED_BOUND, note="whatever for")]


def jitter_rows(raw):
    sliced = "the scrubbing CPU's slices of the one clock may be in it"
    rows = (("itself", MASKED_BOUND, ""), ("another-vCPU", None, sliced), ("revoke", MASKED_BOUND, ""),
            ("bob", None, f"of 1 GiB by itself, and by alice beside it; {sliced}"))
    return [Row("A tick of 1 kHz beside a scrub of 1 GiB, how late at most", f"jitter.{name}", raw[f"jitter.{name}"],
                bound=bound, note=note) for name, bound, note in rows]


def boot_rows(raw):
    mib = (raw["entry-large"] - raw["entry-small"]) / 16
    hashing = (raw["entry-large-twice"] - raw["entry-large"]) / 16
    group = "Boot"
    return [
        Row(group, "entry", round(raw["entry-small"] - mib / 16),
            note="image entry to the guest's first instruction, payload aside"),
        Row(group, "entry-16-vms", raw["entry-16-vms"], note="the first of 16; 64 KiB of payload each"),
        Row(group, "payload-per-mib-hash", round(hashing), note="crc32"),
        Row(group, "payload-per-mib-copy", round(mib - hashing), note="and cleaned to memory"),
    ]


def linux_boot_rows(raw):
    """The hypervisor's own, and all that runs, from the guest's first instruction to init."""
    plain, guest = raw["linux-boot-plain"], raw["linux-boot-vm"]
    group = "Debian 6.1 to init, 512 MiB, 1 CPU, quiet"
    return [
        Row(group, "linux-boot-plain", plain, note="without hypervisor, the same devices in its FDT"),
        Row(group, "linux-boot-vm", guest, bound=round(1.01 * plain), note=f"{100 * guest / plain - 100:+.2f} %"),
        Row(group, "linux-boot-el2", raw["linux-boot-el2"], bound=round(0.01 * plain),
            note=f"of these at EL2: {100 * raw['linux-boot-el2'] / plain:.2f} %"),
    ]


def size_rows(raw):
    group = "Memory and size"
    tables, used = raw["counts-128-zero.tables-owned"], raw["counts-128-zero.tables-used"]
    return [
        Row(group, "image", raw["image"], "bytes", 128 << 10, "text and read-only data"),
        Row(group, "source-lines", raw["sloc"], "lines", 9999),
        Row(group, "tables-per-vm", 4096 * tables, "bytes",
            note=f"{tables} pages, {used} in use: 40 bits of IPA, boot memory of 128 MiB, a window of 128 MiB"),
        Row(group, "memory-per-vm", raw["size-vm"] + raw["size-fdt"], "bytes", note="record, and room for its FDT"),
        Row(group, "memory-per-vcpu", raw["size-vcpu"], "bytes"),
        Row(group, "memory-per-slot", raw["size-slot"], "bytes"),
        Row(group, "memory-per-block", raw["size-block"] + raw["size-loan"], "bytes"),
    ]


def linux_move_rows(raw):
    """Blocks from one Linux guest to another and back; steps by marks."""
    notes = {"lend": "beside it bob adds", "online": "what is left then", "touch": "bob's user space takes all of it",
             "back-recall": "bob offlines, removes, gives up; beside it alice adds", "back-touch": "alice's does"}
    rows = []
    for mib in (128, 1024):
        group = f"{mib} MiB from one Linux guest to another, until user space can touch it, and back"
        rows += [Row(group, f"move-{mib}.{step}", value, "s" if step.endswith("wall") else I,
                     note="the kernel's own function" if "kernel-" in step else notes.get(step, ""))
                 for step, value in by_figure(raw, f"move-{mib}").items()]
        rows += [Row(group, f"move-{mib}-unused.{step}", value, note="of blocks that alice never used")
                 for step, value in by_figure(raw, f"move-{mib}-unused").items()]
    return rows


def all_rows(raw):
    """Of what was measured: a size that was left out has no rows."""
    try:
        return rows_of(raw)
    except KeyError as lost:
        raise Failure(f"{lost.args[0]} was not measured") from None


def rows_of(raw):
    rows = traps(raw) + other_cpu(raw)
    for mib in SIZES:
        if f"{mib}.lend" in raw:
            rows += lending(raw, mib)
    for key in dict.fromkeys(key.split(".")[0] for key in raw if key.startswith("counts-")):
        rows += descriptors(raw, int(key.split("-")[1]), *key.split("-")[2:])
    for group in (growth, holes_rows, masked_rows, jitter_rows, boot_rows, linux_boot_rows, linux_move_rows, size_rows):
        rows += group(raw)
    return rows


def lacking(rows):
    """Names that a full run has, and these rows have not."""
    return sorted(set(WHOLE) - {row.name for row in rows})
