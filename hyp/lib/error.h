/* SPDX-License-Identifier: BSD-2-Clause */
/* Errors inside the hypervisor: negative numbers with errno's names. Guests see abi.h's instead. */
#ifndef HYP_LIB_ERROR_H
#define HYP_LIB_ERROR_H

enum {
	OK = 0,
	ERR_NOENT = -2,
	ERR_NOMEM = -12,
	ERR_INVAL = -22,
	ERR_NOSPC = -28,
	ERR_RANGE = -34,
};

#endif
