/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waiting in WFI, for lending's events and for time: under -icount one clock serves all CPUs, and who polls uses
 * up the time of the others. By CPU 0, with interrupts masked but while it waits.
 */
#ifndef BARE_ASLEEP_H
#define BARE_ASLEEP_H

#include "guest-tests/bare/lib/lend.h"

/* By kind: events that have come and were not waited for, and the slot of the last that came. */
extern volatile u32 nr_events[LEND_EVENT_POOL + 1], event_slot[LEND_EVENT_POOL + 1];

/* An irq_handler: takes the events when the interrupt is theirs. */
void take_events(u32 intid);

/* From here to the end of the test this handler takes interrupts, those of events among them; none was counted. */
void asleep_begin(void (*handler)(u32 intid));

/* Takes nr events of this kind off the count, when they have come. */
void sleep_until_events(u32 kind, u32 nr);

/* By the virtual timer, which is off afterwards. */
void sleep_ms(u64 ms);

#endif
