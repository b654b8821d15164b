#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Checks traces of stage-2 maintenance: break-before-make, and nothing left in a TLB.

    check_trace.py FILE...

The format is that of casemate (rems-project/casemate, trace-format.adoc), in its keyed form; a record
with id 0 begins a trace of its own. What is held against the trace, by the word each violation begins
with (Arm ARM, DDI 0487, D8.14 to D8.17, and stage2/stage2.h for what is this project's own):

  valid-to-valid   a valid entry is replaced by another valid one
  not-invalidated  an entry becomes valid before what it was has left all TLBs: DSB, then TLBI
                   VMALLS12E1IS (or ALLE1IS), or TLBI IPAS2E1IS that covers it, DSB and
                   VMALLE1IS, then DSB; on one thread, for the VMID of its root, VTTBR_EL2 in force by an ISB
  left-behind      a lock is given back, or the trace ends, with an entry broken and not invalidated
  unpublished      a lock is given back with an entry written and no DSB after it
  unlocked         an entry is written without the lock of its tree, once that lock was ever taken
  uninitialised    a table, root or entry is used before mem-init and its hint
  freed-early      a table page leaves its tree, or is zeroed anew, while a TLB or walk can still use it
  reused-early     memory is mapped that a broken entry, not invalidated yet, still lets somebody reach
  maps-table       an entry maps a page of translation tables
  wrong-tree       a table is put into a tree, or at a level, that is not its own
  wrong-vmid       a root is loaded with a second VMID, or a VMID with a second root
  not-restored     a lock is given back with another VTTBR_EL2 in force than when it was taken, or none
                   surely: what runs next would run on another VM's memory
  lock             a lock is taken twice, given back by who does not hold it, or never
  malformed        the record is none, or one is missing

Tables may be shared within a tree (the zero tables are): their entries have no single IPA, and only
an invalidation of the whole VMID counts for them. So it is for an entry that was a table, unless one
TLBI RIPAS2E1IS covers all of it.
"""

import sys
from bisect import bisect_left, insort

from invalidation import ADDRESS, PAGE, REACHES_WALKERS, Broken, is_table, is_valid, level_size
from trace_text import Malformed, records


class Page:
    def __init__(self):
        self.root = None
        self.level = None  # unknown until it is the root or an entry points to it
        self.index = 0  # within a root of several pages
        self.parents = set()  # addresses of the entries that point to it


class Tree:
    def __init__(self, lock, nr_pages):
        self.lock = lock
        self.nr_pages = nr_pages
        self.vmid = None
        self.shared = False  # its lock was taken: others know of it


class Cpu:
    def __init__(self):
        self.vttbr = 0
        self.synchronized = True
        self.unpublished = set()  # roots
        self.at_lock = {}  # VTTBR_EL2 when a lock was taken


class Trace:
    """The state of one trace; violations are kept, with the id of their record."""

    def __init__(self):
        self.violations = []
        self.id = -1
        self.pages, self.mem, self.trees = {}, {}, {}
        self.tables = []  # sorted addresses of the pages whose level is known
        self.holder, self.broken, self.cpus = {}, {}, {}
        self.vtcr = None

    def fail(self, kind, text):
        self.violations.append((kind, self.id, text))

    # ---- Records

    def step(self, word, fields, bare):
        handler = getattr(self, "do_" + (word or "").replace("-", "_"), None)
        try:
            if handler is None:
                raise Malformed(f"no such record: {word}")
            ident = int(fields["id"])
            if ident != self.id + 1:
                self.fail("malformed", f"id {ident} after {self.id}")
            self.id = ident
            handler(int(fields["tid"]), fields, bare)
        except (KeyError, ValueError, IndexError, Malformed) as problem:
            self.fail("malformed", f"{word}: {problem!r}")

    def end(self):
        for addr, b in self.broken.items():
            self.fail("left-behind", f"entry {addr:#x}, at the end")
        for lock in self.holder:
            self.fail("lock", f"{lock:#x} is held at the end")

    def do_mem_init(self, _tid, fields, _bare):
        start, size = int(fields["address"], 16), int(fields["size"], 16)
        for addr in range(start, start + size, PAGE):
            if addr in self.pages and self.pages[addr].root is not None:
                self.leave_tree(addr)
            self.pages[addr] = Page()
            for entry in range(addr, addr + PAGE, 8):
                self.mem.pop(entry, None)

    def do_mem_set(self, tid, fields, _bare):
        start, size = int(fields["address"], 16), int(fields["size"], 16)
        value = int(fields["value"], 16) * 0x0101010101010101
        for addr in range(start, start + size, 8):
            self.write(tid, addr, value)

    def do_mem_write(self, tid, fields, _bare):
        if fields["mem-order"] not in ("plain", "release"):
            raise Malformed(fields["mem-order"])
        self.write(tid, int(fields["address"], 16), int(fields["value"], 16))

    def do_mem_read(self, _tid, fields, _bare):
        addr, value = int(fields["address"], 16), int(fields["value"], 16)
        if self.mem.get(addr, 0) != value:
            self.fail("malformed", f"{addr:#x} reads {value:#x}, written was {self.mem.get(addr, 0):#x}")

    def do_hint(self, _tid, fields, _bare):
        location, value = int(fields["location"], 16), int(fields["value"], 16)
        if fields["kind"] == "set_root_lock":
            self.make_root(location, value)
        elif fields["kind"] == "set_owner_root":
            self.set_owner(location & ADDRESS, value)
        elif fields["kind"] == "release_table":
            self.release(location)
        else:
            raise Malformed(fields["kind"])

    def do_lock(self, tid, fields, _bare):
        lock = int(fields["address"], 16)
        if lock in self.holder:
            self.fail("lock", f"{lock:#x} is taken")
        self.holder[lock] = tid
        self.cpu(tid).at_lock[lock] = self.cpu(tid).vttbr
        for tree in self.trees.values():
            tree.shared |= tree.lock == lock

    def do_unlock(self, tid, fields, _bare):
        lock = int(fields["address"], 16)
        if self.holder.pop(lock, None) != tid:
            self.fail("lock", f"{lock:#x} is not this thread's")
        cpu = self.cpu(tid)
        if cpu.at_lock.pop(lock, cpu.vttbr) != cpu.vttbr or not cpu.synchronized:
            self.fail("not-restored", f"VTTBR_EL2 is {cpu.vttbr:#x} as lock {lock:#x} goes")
        roots = {root for root, tree in self.trees.items() if tree.lock == lock}
        for addr in [a for a, b in self.broken.items() if b.root in roots]:
            self.fail("left-behind", f"entry {addr:#x}, as its lock goes")
            del self.broken[addr]
        if roots & cpu.unpublished:
            self.fail("unpublished", f"as lock {lock:#x} goes")
            cpu.unpublished -= roots

    def do_sysreg_write(self, tid, fields, _bare):
        value = int(fields["value"], 16)
        if fields["sysreg"] == "vtcr_el2":
            self.vtcr = value
        elif fields["sysreg"] == "vttbr_el2":
            self.cpu(tid).vttbr = value
            self.cpu(tid).synchronized = False
            self.load_root(value & 0x0000FFFFFFFFFFFE, value >> 48)

    def do_barrier(self, tid, fields, bare):
        if bare == ["isb"]:
            self.cpu(tid).synchronized = True
            return
        kind = fields["kind"]
        if bare != ["dsb"] or kind not in REACHES_WALKERS | {"nsh", "nshst", "ld", "ishld"}:
            raise Malformed(f"{bare} {kind}")
        if kind in REACHES_WALKERS:
            self.cpu(tid).unpublished.clear()
        for addr in [a for a, b in self.broken.items() if b.tid == tid and b.barrier(kind)]:
            del self.broken[addr]

    def do_tlbi(self, tid, fields, bare):
        op, cpu = bare[0], self.cpu(tid)
        for b in self.broken.values():
            its_vmid = cpu.synchronized and cpu.vttbr >> 48 == self.trees[b.root].vmid
            if b.tid == tid and (its_vmid or op.startswith("alle1")):
                b.tlbi(op, fields)

    # ---- What they mean

    def cpu(self, tid):
        return self.cpus.setdefault(tid, Cpu())

    def make_root(self, root, lock):
        bits = 64 - (self.vtcr & 63) if self.vtcr is not None else 39
        nr_pages = 1 << max(bits - 39, 0)
        self.trees[root] = Tree(lock, nr_pages)
        for i in range(nr_pages):
            page = self.pages.get(root + i * PAGE)
            if page is None:
                self.fail("uninitialised", f"root page {root + i * PAGE:#x}")
                page = self.pages[root + i * PAGE] = Page()
            page.root, page.level, page.index = root, 1, i
            insort(self.tables, root + i * PAGE)

    def set_owner(self, addr, root):
        page = self.pages.get(addr)
        if page is None:
            self.fail("uninitialised", f"page {addr:#x}")
            return
        if page.root is not None and page.root != root:
            self.leave_tree(addr)
        if root and root not in self.trees:
            self.fail("uninitialised", f"root {root:#x} has no lock")
        page.root = root or None

    def release(self, root):
        if root not in self.trees:
            self.fail("uninitialised", f"root {root:#x}")
            return
        if any(b.root == root for b in self.broken.values()) or any(
                cpu.vttbr & ADDRESS == root for cpu in self.cpus.values()):
            self.fail("freed-early", f"tree {root:#x} is in use")
        for addr, page in self.pages.items():
            if page.root == root:
                self.forget_table(addr, page)
        for addr in [a for a, b in self.broken.items() if b.root == root]:
            del self.broken[addr]
        del self.trees[root]

    def leave_tree(self, addr):
        """A page of a tree is to be something else: nothing may point to it, no walk be under way."""
        page = self.pages[addr]
        users = [b for at, b in self.broken.items() if at & ADDRESS == addr or b.memory() == (addr, PAGE)]
        if page.parents or users or page.level == 1:
            self.fail("freed-early", f"table {addr:#x} is in use")
        for at in range(addr, addr + PAGE, 8):
            self.unlink(at)
        self.forget_table(addr, page)

    def forget_table(self, addr, page):
        if page.level is not None:
            del self.tables[bisect_left(self.tables, addr)]
        page.root = page.level = None
        page.parents.clear()

    def load_root(self, root, vmid):
        if not root:
            return
        tree = self.trees.get(root)
        if tree is None:
            self.fail("uninitialised", f"root {root:#x} loaded")
        elif tree.vmid is None and not any(t.vmid == vmid for t in self.trees.values()):
            tree.vmid = vmid
        elif tree.vmid != vmid:
            self.fail("wrong-vmid", f"root {root:#x} with {vmid}, its own is {tree.vmid}")

    def write(self, tid, addr, new):
        page, old = self.pages.get(addr & ADDRESS), self.mem.get(addr, 0)
        if page is None:
            self.fail("uninitialised", f"entry {addr:#x}")
            return
        if page.root is None:
            self.mem[addr] = new
            return
        tree = self.trees[page.root]
        if tree.shared and self.holder.get(tree.lock) != tid:
            self.fail("unlocked", f"entry {addr:#x}")
        self.cpu(tid).unpublished.add(page.root)
        if is_valid(old) and is_valid(new) and old != new:
            self.fail("valid-to-valid", f"entry {addr:#x}: {old:#x} to {new:#x}")
        if is_valid(new) and self.broken.pop(addr, None):
            self.fail("not-invalidated", f"entry {addr:#x}: {new:#x}")
        if is_valid(old) and not is_valid(new):
            self.broken[addr] = Broken(tid, old, page.level, page.root, self.ipa_of(addr, page))
        if is_valid(old) and old != new:
            self.unlink(addr)
        self.mem[addr] = new
        if is_valid(new) and page.level is not None:
            self.link(addr, new, page)

    def ipa_of(self, addr, page):
        """What an entry translates; None where that is not one range."""
        if page.level is None:
            return None
        index = (addr & PAGE - 1) // 8
        if page.level == 1:
            return (page.index * 512 + index) * level_size(1)
        if len(page.parents) != 1:
            return None
        parent = next(iter(page.parents))
        base = self.ipa_of(parent, self.pages[parent & ADDRESS])
        return None if base is None else base + index * level_size(page.level)

    def unlink(self, addr):
        child = self.pages.get(self.mem.get(addr, 0) & ADDRESS)
        if child:
            child.parents.discard(addr)

    def link(self, addr, pte, page):
        if is_table(pte, page.level):
            self.link_table(addr, pte & ADDRESS, page)
            return
        if page.level == 3 and not pte & 2:
            self.fail("wrong-tree", f"entry {addr:#x}: no page descriptor at level 3")
        start, size = pte & ADDRESS, level_size(page.level)
        for at, b in self.broken.items():
            its, its_size = b.memory()
            if at != addr and start < its + its_size and its < start + size:
                self.fail("reused-early", f"entry {addr:#x} maps what entry {at:#x} did")
        i = bisect_left(self.tables, start)
        if i < len(self.tables) and self.tables[i] < start + size:
            self.fail("maps-table", f"entry {addr:#x} maps table {self.tables[i]:#x}")

    def link_table(self, addr, table, page):
        child = self.pages.get(table)
        if child is None or child.root is None:
            self.fail("uninitialised", f"entry {addr:#x} names table {table:#x}")
            return
        if child.root != page.root or child.level not in (None, page.level + 1):
            self.fail("wrong-tree", f"entry {addr:#x} names table {table:#x}")
            return
        child.parents.add(addr)
        if child.level is None:
            child.level = page.level + 1
            insort(self.tables, table)
            for at in range(table, table + PAGE, 8):
                if is_valid(self.mem.get(at, 0)):
                    self.link(at, self.mem[at], child)


def check(text):
    """(violations as (kind, id, text), records counted by word, number of traces)."""
    trace, counts, nr_traces, violations = None, {}, 0, []
    try:
        for word, fields, bare in records(text):
            if trace is None or fields.get("id") == "0":
                if trace:
                    trace.end()
                trace = Trace()
                violations.append(trace.violations)
                nr_traces += 1
            trace.step(word, fields, bare)
            counts[word] = counts.get(word, 0) + 1
    except Malformed as problem:
        violations.append([("malformed", -1, str(problem))])
    if trace:
        trace.end()
    return [v for some in violations for v in some], counts, nr_traces


def main():
    bad = False
    for path in sys.argv[1:]:
        violations, counts, nr_traces = check(open(path).read())
        for kind, ident, text in violations[:20]:
            print(f"{path}: {kind}: record {ident}: {text}")
        bad |= bool(violations) or not counts
        print(f"{path}: {nr_traces} traces, {sum(counts.values())} records, {len(violations)} violations")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
