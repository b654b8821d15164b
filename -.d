-: guest-tests/bench/sizes.c hyp/lend/ledger.h hyp/cpu/lock.h \
 hyp/lib/types.h hyp/lend/abi.h stage2/stage2.h hyp/vm/load.h \
 dt/guest_fdt.h dt/bundle.h dt/hash.h dt/platform.h hyp/vm/vm.h \
 hyp/cpu/percpu.h hyp/cpu/masked.h hyp/cpu/sysreg.h hyp/cpu/timer.h \
 hyp/dev/pl011.h hyp/gic/vgic_hw.h hyp/gic/vgic.h
hyp/lend/ledger.h:
hyp/cpu/lock.h:
hyp/lib/types.h:
hyp/lend/abi.h:
stage2/stage2.h:
hyp/vm/load.h:
dt/guest_fdt.h:
dt/bundle.h:
dt/hash.h:
dt/platform.h:
hyp/vm/vm.h:
hyp/cpu/percpu.h:
hyp/cpu/masked.h:
hyp/cpu/sysreg.h:
hyp/cpu/timer.h:
hyp/dev/pl011.h:
hyp/gic/vgic_hw.h:
hyp/gic/vgic.h:
