/* SPDX-License-Identifier: BSD-2-Clause */
#include "hyp/trap/decode.h"
#include "hyp/cpu/sysreg.h"

struct access decode_syndrome(u32 iss)
{
	return (struct access){
		.size = 1u << ISS_DABT_SAS(iss),
		.reg = ISS_DABT_SRT(iss),
		.sign_extend = iss & ISS_DABT_SSE,
		.is_64bit = iss & ISS_DABT_SF,
	};
}

#define INDEXED_MASK 0x3f200400u /* class, V = 0, and the lower bit of the two index modes */
#define INDEXED 0x38000400u
#define OPC(i) ((u32)FIELD(i, 23, 22))
#define OPC_LOAD_SIGNED_64 2

bool decode_instruction(u32 instruction, struct access *out)
{
	u32 size = (u32)FIELD(instruction, 31, 30), opc = OPC(instruction);

	if ((instruction & INDEXED_MASK) != INDEXED)
		return false;
	/* A base of 31 is a stack pointer, and nobody keeps a stack in a device. */
	if (FIELD(instruction, 9, 5) == 31)
		return false;
	*out = (struct access){
		.size = 1u << size,
		.reg = (u32)FIELD(instruction, 4, 0),
		.sign_extend = opc >= OPC_LOAD_SIGNED_64,
		.is_64bit = size == 3 || opc == OPC_LOAD_SIGNED_64,
		.writeback = true,
		.base = (u32)FIELD(instruction, 9, 5),
		.offset = (s64)(FIELD(instruction, 20, 12) << 55) >> 55,
	};
	return true;
}
