#ifndef SENSOR_TRANSACTIONS_H
#define SENSOR_TRANSACTIONS_H

#include "iocs/ioc_set.h"
#include "sensor/dns_memory.h"
#include "sensor/observation.h"
#include "sensor/segments.h"
#include "sensor/transaction.h"

/*
 * What of the observations is one more time that an internal host went out and
 * asked for something: a connection, a request inside one, a burst of records
 * in a long one, a query below a registered domain, an attempt that failed.
 *
 * A connection's service is the name that it says itself (SNI, Host, CONNECT),
 * else the name that its address was answered for, else the address.
 */
struct transactions;

typedef void (*transaction_tell)(void *arg, const struct transaction *t);

struct transactions_options {
	const struct dns_memory *memory; /* the caller's */
	const struct ioc_set *allowed;   /* trusted services; NULL: none */
	const struct segments *segments; /* which pairs are egress; or NULL */
	transaction_tell begin; /* a transaction, its sizes as far as known */
	transaction_tell sizes; /* the same one, its sizes known better */
	/*
	 * A flow that ended, and of which nothing was told; a proxy of ours
	 * that was asked for a tunnel.  NULL: not asked.
	 */
	transaction_tell rest;
	void *arg;
};

/* NULL where memory is short. */
struct transactions *transactions_new(
    const struct transactions_options *options);
void transactions_free(struct transactions *transactions);

void transactions_observe(struct transactions *transactions,
    const struct observation *o);

#endif
