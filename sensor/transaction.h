#ifndef SENSOR_TRANSACTION_H
#define SENSOR_TRANSACTION_H

#include <stdbool.h>
#include <stdint.h>

#include "decoders/addr.h"

enum transaction_kind {
	TRANSACTION_CONNECTION, /* answered */
	TRANSACTION_HTTP,       /* a request, also inside a kept connection */
	TRANSACTION_TLS,        /* a burst of records in a long connection */
	TRANSACTION_DNS,        /* a query below one registered domain */
	TRANSACTION_FAILED,     /* no answer, a reset, no such name */
};

/*
 * One time that an internal host went out and asked for something.  Borrows
 * its name: good for the call that it is given to.
 */
struct transaction {
	uint64_t time_us; /* capture clock, since 1970 UTC; of its start */
	struct addr source, destination;
	const char *name;  /* of the service, presentation form, lower case,
	                    * not terminated; the registered domain for DNS */
	uint8_t name_len;  /* 0: none is known, the address stands for it */
	uint8_t kind;      /* enum transaction_kind */
	uint8_t ip_proto;  /* IANA protocol number */
	bool allow_listed; /* a service that the configuration trusts */
	uint16_t port;     /* destination's, host order */
	uint16_t segment;  /* index of the source's segment */
	uint32_t octets_out, octets_in; /* so far; 0 where not yet known */
};

#endif
