# SPDX-License-Identifier: BSD-2-Clause
"""Many kexecs of one guest in a row, while her peer lends, recalls and resets at random."""

import random
import re
import time

from lv import Failure
from lv.kexec_cells import debian
from lv.kexec_play import describe
from lv.kexec_states import OWN
from lv.lendtest import FILE, PIECE, LendTest
from lv.lendvm import BLOCK, UNHAPPY, WINDOW

FLAVOUR = "6.1"  # the smallest
SAY_EVERY = 20
# So many lives begin with nothing: lendmem.clean=1.
CLEAN_STARTS = 1 / 8
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
        self.done = {}

    def acts(self, most):
        """bob, who needs no shell for it: his calls are made for him by the monitor."""
        for _ in range(self.random.randint(0, most)):
            act = self.random.choices((self.lend, self.borrow, self.recall, self.reset), (4, 2, 4, 1))[0]
            act()
            self.done[act.__name__] = self.done.get(act.__name__, 0) + 1

    def ask(self, command):
        answer = self.t.monitor.line(command)
        if not re.match(rf"\w+: ({ANSWERS})\b|no loan ", answer):
            raise Failure(f"monitor: `{command}` answers {answer}")

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

    def began_clean(self):
        """Whatever was hers before, she has nothing now."""
        kept = [nr for (state, _, holder), nr in self.t.picture()["blocks"].items()
                if holder == "alice" and state in ("HELD", "BORROWED")]
        if kept:
            raise Failure(f"alice: after a clean start she has {sum(kept)} blocks")
        self.done["clean start"] = self.done.get("clean start", 0) + 1
        self.begin()

    def settle_in(self):
        """alice takes and gives up blocks, on offer and her own, as it comes; her own recalls among them."""
        words = []
        for slot in range(1, 2 * OWN):
            words.append(self.random.choice(("", "", f"lendctl online {slot}", f"lendctl offline {slot}",
                                             f"lendctl reclaim {slot}")))
        self.t.alice.run("; ".join(["true", *filter(None, words)]).replace("; ", " >/dev/null 2>&1; ")
                         + " >/dev/null 2>&1; true", 120)

    def check(self, nr_blocks):
        t = self.t
        picture = t.picture()
        if picture["aborts"] or sum(picture["blocks"].values()) != nr_blocks:
            raise Failure(f"the hypervisor says {picture} of {nr_blocks} blocks")
        said = t.alice.run(f"dmesg | grep -E '{UNHAPPY}'; [ -e {FILE} ] || insmod /lib/lendtest.ko; "
                           f"echo 'stamped {STAMP}' >{FILE} && cat {FILE}")
        if said != [f"stamped {STAMPED}"]:
            raise Failure(f"alice: {STAMPED} pieces of slot 0 were stamped; her kernel says: {said}")

    def begin(self):
        """alice holds slot 0, and there are patterns in it."""
        test = LendTest(self.t.alice)
        test.do("call 0xc6000103 0 1 0")
        test.do(f"stamp {STAMP}")

    def kexec(self, clean):
        """As at a table, with bob at work all the while. clean: the next driver gives back what it finds."""
        alice = self.t.alice.guest
        self.settle_in()
        self.acts(2)
        started = alice.start("(cd /; find boot | cpio -o -H newc 2>/dev/null) >/tmp/n; "
                              f"cat /boot/{FLAVOUR}.cpio.gz >>/tmp/n; "
                              f"kexec -i -l /boot/{FLAVOUR}.gz --initrd=/tmp/n {self.t.cmdline(clean)}")
        self.acts(1)
        alice.finish(started, 120)
        alice.last_words("kexec -e")
        self.acts(2)
        alice.wait_next_life(150)

    def end(self):
        """All comes back, from whatever state."""
        for vm in (self.t.bob, self.t.alice):
            vm.guest.wait_shell(150)
        for line in self.t.monitor.loans():
            self.ask(f"reclaim {LOAN.match(line.strip()).group(1)}")
        self.t.alice.until(lambda: not self.t.monitor.loans(), lambda: f"loans to end: {self.t.monitor.loans()}")


def many(t, count, seed, say):
    """count kexecs of alice's. Raises Failure."""
    chain = Chain(t, seed, say)
    t.alice.online(0)
    t.alice.offline(0)
    chain.begin()
    nr_blocks = sum(t.at_rest["blocks"].values())
    began = time.monotonic()
    for nr in range(1, count + 1):
        try:
            clean = chain.random.random() < CLEAN_STARTS
            chain.kexec(clean)
            if clean:
                chain.began_clean()
            chain.check(nr_blocks)
        except Failure as e:
            raise Failure(f"kexec {nr} of {count}, seed {seed}: {e}") from e
        if nr % SAY_EVERY == 0 or nr == count:
            say(f"{nr} kexecs in {time.monotonic() - began:.0f} s; done meanwhile: {chain.done}; {describe(t.picture())}")
    chain.end()


def task(count, seed):
    """For kexec_run.run()."""
    def play(worker):
        def run():
            home = debian(FLAVOUR)
            table = worker.table(home, (home,), 1)
            try:
                many(table, count, seed, worker.log.say)
            finally:
                table.close()
        worker.one(f"{count} kexecs in a row, seed {seed}", run)
    return play
