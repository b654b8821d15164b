/* SPDX-License-Identifier: BSD-2-Clause */
/* System registers by their names in the Arm ARM (DDI 0487), and the fields this project uses. */
#ifndef HYP_CPU_SYSREG_H
#define HYP_CPU_SYSREG_H

#include "hyp/lib/types.h"

#define read_sysreg(name)                                                                          \
	({                                                                                         \
		u64 value_;                                                                        \
		__asm__ volatile("mrs %0, " #name : "=r"(value_));                                 \
		value_;                                                                            \
	})

/* The memory clobber keeps the compiler from moving memory accesses over a change of regime. */
#define write_sysreg(name, value)                                                                  \
	__asm__ volatile("msr " #name ", %0" : : "r"((u64)(value)) : "memory")

/* HCR_EL2 */
#define HCR_VM BIT(0)
#define HCR_SWIO BIT(1)
#define HCR_FMO BIT(3)
#define HCR_IMO BIT(4)
#define HCR_AMO BIT(5)
#define HCR_FB BIT(9)
#define HCR_BSU_IS BIT(10)
#define HCR_TID3 BIT(18)
#define HCR_TSC BIT(19)
#define HCR_TIDCP BIT(20)
#define HCR_TACR BIT(21)
#define HCR_RW BIT(31)
#define HCR_TLOR BIT(35)
#define HCR_TERR BIT(36)
#define HCR_APK BIT(40)
#define HCR_API BIT(41)

/* CPTR_EL2 with HCR_EL2.E2H = 0: RES1 bits, TZ, TSM, TTA and TAM trap what is not virtualised; FP is not. */
#define CPTR_EL2_VALUE (0x32ffULL | BIT(8) | BIT(12) | BIT(20) | BIT(30))

/* MDCR_EL2 */
#define MDCR_TPMCR BIT(5)
#define MDCR_TPM BIT(6)
#define MDCR_TDA BIT(9)
#define MDCR_TDOSA BIT(10)
#define MDCR_TDRA BIT(11)
#define MDCR_TPMS BIT(14)
#define MDCR_TTRF BIT(19)

#define CNTHCTL_EL1PCTEN BIT(0)
#define CNTHCTL_EL1PCEN BIT(1)

/* CNT*_CTL */
#define CNT_CTL_ENABLE BIT(0)
#define CNT_CTL_IMASK BIT(1)
#define CNT_CTL_ISTATUS BIT(2)

/* ESR_ELx */
#define ESR_EC(esr) ((u32)FIELD(esr, 31, 26))
#define ESR_IL BIT(25)
#define ESR_ISS(esr) ((u32)FIELD(esr, 24, 0))
#define EC_UNKNOWN 0x00
#define EC_CP15_32 0x03 /* MCR, MRC */
#define EC_CP15_64 0x04 /* MCRR, MRRC */
#define EC_CP14_32 0x05
#define EC_VMRS 0x08
#define EC_CP14_64 0x0c
#define EC_HVC32 0x12
#define EC_SMC32 0x13
#define EC_HVC64 0x16
#define EC_SMC64 0x17
#define EC_SYSREG 0x18
#define EC_IABT_LOWER 0x20
#define EC_DABT_LOWER 0x24

/* ISS of aborts */
#define ISS_DABT_ISV BIT(24)
#define ISS_DABT_SAS(iss) ((u32)FIELD(iss, 23, 22))
#define ISS_DABT_SSE BIT(21)
#define ISS_DABT_SRT(iss) ((u32)FIELD(iss, 20, 16))
#define ISS_DABT_SF BIT(15)
#define ISS_DABT_CM BIT(8)
#define ISS_ABT_S1PTW BIT(7)
#define ISS_DABT_WNR BIT(6)
#define ISS_ABT_FSC(iss) ((u32)FIELD(iss, 5, 0))
#define FSC_PERMISSION 0x0c
#define FSC_TYPE 0x3c
#define FSC_SEA 0x10 /* synchronous external abort, not on a walk */

#define SPSR_EL1H 0x5ULL
#define SPSR_ARM32_SVC 0x1d3ULL /* AArch32, A32, little-endian, A, I and F masked */
#define SPSR_ARM32_T BIT(5)
#define SPSR_MODE(spsr) ((u32)FIELD(spsr, 3, 0))
#define SPSR_M4_AARCH32 BIT(4)
#define SPSR_DAIF 0x3c0ULL
#define SPSR_PAN BIT(22)
#define SPSR_DIT BIT(24)
#define SPSR_NZCV 0xf0000000ULL

#define SCTLR_EL1_RESET 0x30c50838ULL /* RES1 of ARMv8.0, MMU and caches off */
#define SCTLR_ARM32_RESET 0x00c50838ULL /* the same of AArch32 */
#define SCTLR_EL1_SPAN BIT(23)

#define ISR_I BIT(7)
#define ISR_F BIT(6)

#endif
