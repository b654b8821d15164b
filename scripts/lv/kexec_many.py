# SPDX-License-Identifier: BSD-2-Clause
"""Many kexecs of one guest in a row, while her peer lends, recalls and resets at random."""

import random
import re
import time
from collections import Counter

from lv import Failure, kexec
from lv.kexec_cells import debian
from lv.kexec_play import clear, describe
from lv.kexec_states import OWN, ROOM
from lv.lendtest import FILE, PIECE, LendTest
from lv.lendvm import BLOCK, UNHAPPY, WINDOW
from lv.machine import Late

FLAVOUR = "6.1"  # the smallest
CPUS = 2
SAY_EVERY = 20
# So many lives begin with nothing: lendmem.clean=1.
CLEAN_STARTS = 1 / 8
# So many have a seed for KASLR, and before so many bob takes and gives up blocks.
SEEDED = 1 / 2
BOB_SETTLES = 2 / 3
# At least one kexec of so many has to find a block of bob's at alice, and as many one of alice's at bob: by chance it
# is far more.
KEXECS_PER_LOAN = 50
LOANS = (("BORROWED", "bob", "alice"), ("BORROWED", "alice", "bob"))
# alice's slot 0 stays held, and has this in it, from the first life to the last.
STAMP = f"{WINDOW:#x}-{WINDOW + BLOCK // 4 - 1:#x} 0x5eed"
STAMPED = BLOCK // 4 // PIECE
ANSWERS = "SUCCESS|PENDING|BUSY|BAD_STATE|NO_SLOT|NO_SUCH_VM"
LOAN = re.compile(r"(0x[0-9a-f]+)  (\w+) slot (\d+) -> (\w+) slot (\d+)")


class Chain:
    """A table, and what is done at it at random."""

    def __init__(self, table, seed, say):
        self.t, self.say = table, say
        self.random = random.Random(seed)
        self.done = Counter()
        self.found = Counter()  # of LOANS, by the kexecs
        self.bob_is_down = False

    def acts(self, most):
        """Of either's that need no shell: the calls are made for them by the monitor."""
        for _ in range(self.random.randint(0, most)):
            self.random.choices((self.lend, self.borrow, self.recall, self.reset), (8, 10, 6, 1))[0]()

    def ask(self, command):
        answer = self.t.monitor.line(command)
        status = re.match(rf"\w+: ({ANSWERS})\b|no loan ", answer)
        if not status:
            raise Failure(f"monitor: `{command}` answers {answer}")
        self.done[f"{command.split()[0]} {status.group(1) or 'too late'}"] += 1

    def lend(self):
        flags = self.random.choice(("", " keep", " adoptable"))
        self.ask(f"lend bob {self.random.randrange(OWN)} 1 alice{flags}")

    def borrow(self):
        self.ask(f"lend alice {self.random.randrange(1, OWN)} 1 bob")

    def recall(self):
        loans = [LOAN.match(line.strip()).group(1) for line in self.t.monitor.loans()]
        if loans:
            self.ask(f"reclaim {self.random.choice(loans)} {self.random.choice((0, 1, 1000))}")

    def reset(self):
        self.t.monitor.until("reset bob", r"^bob: reset|^reset: bob is stopping", 60)
        self.t.machine.skip("bob")
        self.bob_is_down = True
        self.done["reset"] += 1

    def bob_answers(self, timeout):
        """A while after a reset he does; what he held is gone."""
        if not self.bob_is_down:
            return True
        try:
            self.t.machine.expect("bob", r"^(\w+# )?ready$", timeout)
        except Late:
            return False
        self.t.bob.guest.wait_shell(150)
        self.bob_is_down = False
        self.t.bob_begins()
        return True

    def began_clean(self):
        """Whatever was hers before, she has nothing now."""
        kept = [nr for (state, _, holder), nr in self.t.picture()["blocks"].items()
                if holder == "alice" and state in ("HELD", "BORROWED")]
        if kept:
            raise Failure(f"alice: after a clean start she has {sum(kept)} blocks")
        self.done["clean start"] += 1
        self.begin()

    def settle_in(self):
        """alice takes and gives up blocks, on offer and her own, as it comes; her own recalls among them."""
        self.some_of(self.t.alice, range(1, OWN), ("", "", "online", "offline", "offline", "reclaim"))
        self.some_of(self.t.alice, range(ROOM, 2 * OWN), ("", "online", "online", "offline"))

    def bob_settles_in(self):
        """What alice lent him is memory of his then, and he has patterns there that have to outlive her kernels."""
        if self.random.random() < BOB_SETTLES and self.bob_answers(0):
            self.t.check_bob()
            self.t.bob_lets_go()
            self.some_of(self.t.bob, range(ROOM, 2 * OWN), ("", "online", "online", "offline"))
            self.bob_uses_blocks()

    def bob_uses_blocks(self):
        self.t.bob_fills(f"{WINDOW:#x}-{WINDOW + 2 * OWN * BLOCK - 1:#x}", 32, 0)

    def some_of(self, vm, slots, words):
        """lendctl WORD SLOT, by chance; some have to fail."""
        chosen = [(self.random.choice(words), slot) for slot in slots]
        commands = ["l() { lendctl $1 $2 >/dev/null 2>&1 && echo $1; }"]
        commands += [f"l {word} {slot}" for word, slot in chosen if word]
        for line in vm.run("; ".join([*commands, "true"]), 120):
            self.done[f"{vm.name}'s {line}"] += 1

    def check(self):
        t = self.t
        picture = t.picture()
        if picture["aborts"] or owners(picture) != owners(t.at_rest):
            raise Failure(f"the hypervisor says {picture}, and said {t.at_rest} at first")
        said = t.alice.run(f"dmesg | grep -iE '{UNHAPPY}'; nproc; [ -e {FILE} ] || insmod /lib/lendtest.ko; "
                           f"echo 'stamped {STAMP}' >{FILE} && cat {FILE}")
        if said != [f"{CPUS}", f"stamped {STAMPED}"]:
            raise Failure(f"alice: {CPUS} vCPUs, and {STAMPED} pieces of slot 0 stamped; her kernel says: {said}")

    def begin(self):
        """alice holds slot 0, and there are patterns in it."""
        test = LendTest(self.t.alice)
        test.retrieve(0)
        test.do(f"stamp {STAMP}")

    def lend_both_ways(self):
        """So that the first kexec finds loans for sure."""
        t = self.t
        t.bob.lend(0, "alice")
        t.alice.online(t.alice.find_slot("offered"))
        t.alice.lend(1, "bob")
        t.bob.online(t.bob.find_slot("offered"))
        self.bob_uses_blocks()

    def kexec(self, clean, busy):
        """As at a table; busy: with either at work all the while. clean: the next driver gives back what it finds."""
        alice = self.t.alice.guest
        if busy:
            self.settle_in()
        self.acts(2 * busy)
        if self.random.random() < SEEDED:
            kexec.wait_for_seed(alice)
        started = alice.start("(cd /; find boot | cpio -o -H newc 2>/dev/null) >/tmp/n; "
                              f"cat /boot/{FLAVOUR}.cpio.gz >>/tmp/n; "
                              f"kexec -i -l /boot/{FLAVOUR}.gz --initrd=/tmp/n {self.t.cmdline(clean)}")
        self.acts(1 * busy)
        alice.finish(started, 120)
        alice.last_words("kexec -e")
        self.acts(2 * busy)
        alice.wait_next_life(150)
        blocks = self.t.picture()["blocks"]
        self.found.update(kind for kind in LOANS if kind in blocks)
        self.bob_settles_in()

    def end(self, count):
        """All comes back, from whatever state; and there was enough to come back."""
        if not self.bob_answers(150):
            raise Failure("bob: he was reset, and does not answer")
        self.t.check_bob()
        self.t.bob_lets_go()
        for line in self.t.monitor.loans():
            self.ask(f"reclaim {LOAN.match(line.strip()).group(1)}")
        self.t.alice.until(lambda: not self.t.monitor.loans(), lambda: f"loans to end: {self.t.monitor.loans()}")
        clear(self.t)
        for kind in LOANS:
            if self.found[kind] < max(1, count // KEXECS_PER_LOAN):
                raise Failure(f"of {count} kexecs only {self.found[kind]} found blocks {kind}")


def owners(picture):
    """How many blocks each VM and the pool own: no kexec and no loan changes that."""
    counts = Counter()
    for (_, owner, _), nr in picture["blocks"].items():
        counts[owner] += nr
    return counts


def many(t, count, seed, say):
    """count kexecs of alice's. Raises Failure."""
    chain = Chain(t, seed, say)
    t.alice.online(0)
    t.alice.offline(0)
    chain.begin()
    chain.lend_both_ways()
    began = time.monotonic()
    for nr in range(1, count + 1):
        try:
            clean = nr > 1 and chain.random.random() < CLEAN_STARTS
            chain.kexec(clean, nr > 1)
            if clean:
                chain.began_clean()
            chain.check()
        except Failure as e:
            raise Failure(f"kexec {nr} of {count}, seed {seed}: {e}") from e
        if nr % SAY_EVERY == 0 or nr == count:
            done = ", ".join(f"{what} {times}" for what, times in sorted(chain.done.items()))
            found = ", ".join(f"{chain.found[kind]} {kind[1]}'s at {kind[2]}" for kind in LOANS)
            say(f"{nr} kexecs in {time.monotonic() - began:.0f} s; of these with blocks of {found}; "
                f"done meanwhile: {done}; {describe(t.picture())}")
    chain.end(count)


def task(count, seed):
    """For kexec_run.run()."""
    def play(worker):
        def run():
            home = debian(FLAVOUR)
            table = worker.table(home, (home,), CPUS)
            try:
                many(table, count, seed, worker.log.say)
            finally:
                table.close()
        worker.one(f"{count} kexecs in a row, seed {seed}", run)
    return play
