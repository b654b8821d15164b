# SPDX-License-Identifier: BSD-2-Clause
"""How a stage-2 entry that became invalid leaves the TLBs (Arm ARM, DDI 0487, D8.14 to D8.17)."""

PAGE = 0x1000
ADDRESS = 0x0000FFFFFFFFF000
REACHES_WALKERS = {"ish", "ishst", "osh", "oshst", "sy", "st"}
COMPLETES_TLBI = {"ish", "osh", "sy"}
ALL_OF_VMID = {"vmalls12e1is", "vmalls12e1os", "alle1is", "alle1os"}
STAGE1_OF_VMID = {"vmalle1is", "vmalle1os"} | ALL_OF_VMID
BY_IPA = {"ipas2e1is", "ipas2e1os", "ripas2e1is", "ripas2e1os"}
LAST_LEVEL = {"ipas2le1is", "ipas2le1os", "ripas2le1is", "ripas2le1os"}

# How far the invalidation of a broken entry has come.
WRITTEN, PUBLISHED, IPA_SENT, IPA_DONE, SENT = range(5)


def level_size(level):
    return PAGE << 9 * (3 - level)


def is_valid(pte):
    return pte & 1


def is_table(pte, level):
    return level < 3 and pte & 3 == 3


class Broken:
    """An entry that was valid; level and ipa are None where they are not known or not one."""

    def __init__(self, tid, old, level, root, ipa):
        self.tid = tid
        self.old = old
        self.level = level
        self.root = root
        self.ipa = ipa
        self.table = level is None or is_table(old, level)
        self.progress = WRITTEN

    def memory(self):
        """What it maps, or the table it names: (start, size)."""
        return self.old & ADDRESS, PAGE if self.table else level_size(self.level)

    def barrier(self, kind):
        """A DSB of its thread. Returns whether the entry is in no TLB any more."""
        if self.progress == WRITTEN and kind in REACHES_WALKERS:
            self.progress = PUBLISHED
        elif self.progress == IPA_SENT and kind in COMPLETES_TLBI:
            self.progress = IPA_DONE
        return self.progress == SENT and kind in COMPLETES_TLBI

    def tlbi(self, op, fields):
        """A TLBI of its thread that is for its VMID."""
        if self.progress == WRITTEN:
            return
        if op in ALL_OF_VMID or (op in STAGE1_OF_VMID and self.progress == IPA_DONE):
            self.progress = SENT
        elif self.progress == PUBLISHED and self.covered(op, fields):
            self.progress = IPA_SENT

    def covered(self, op, fields):
        if self.ipa is None or op not in BY_IPA | LAST_LEVEL or (self.table and op in LAST_LEVEL):
            return False
        end_of_it = self.ipa + level_size(self.level)
        if "value" not in fields:
            return not self.table and self.ipa <= int(fields["addr"], 16) < end_of_it
        value = int(fields["value"], 16)
        if op.startswith("r"):
            start = (value & (1 << 37) - 1) * PAGE
            scale, num, hint = value >> 44 & 3, value >> 39 & 31, value >> 37 & 3
            end = start + ((num + 1 << 5 * scale + 1) * PAGE)
            return value >> 46 & 3 == 1 and hint in (0, self.level) and start <= self.ipa and end_of_it <= end
        at, hint = (value & (1 << 36) - 1) * PAGE, value >> 44 & 15
        return not self.table and hint in (0, 1, 2, 3, 4 + self.level) and self.ipa <= at < end_of_it
