#ifndef SENSOR_CONFIG_KEYS_H
#define SENSOR_CONFIG_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sensor/config.h"

/*
 * Every key of the configuration: where it is in the file and in struct
 * config, its default, and what it may be.  Checking, defaults and printing
 * all go by this table.
 */

enum key_kind {
	KEY_NUMBER, /* uint32_t */
	KEY_FLAG,   /* bool */
	KEY_TEXT,   /* char * */
	KEY_TEXTS,  /* struct text_list */
	KEY_ROLES,  /* struct config_beacons' roles; none by default */
	KEY_ITEM,   /* inside a list's item: checked, but without a default */
};

struct config_key {
	const char *path; /* "capture.filter"; a list's items have its path */
	size_t offset;    /* in struct config; not of KEY_ROLES, KEY_ITEM */
	enum key_kind kind;
	uint32_t min, max; /* numbers, also decimal ones */
	uint32_t standard; /* KEY_NUMBER, KEY_FLAG: the default */
	/* KEY_TEXT, KEY_TEXTS (one item): the default; NULL: "" or none. */
	const char *standard_text;
	bool secret; /* holds a password: it, or in its URLs */
	/* Of a text or each text of a list; NULL: any.  0, or -1 and why. */
	int (*check)(const struct config_checks *checks, const char *text,
	    char *error, size_t error_size);
};

extern const struct config_key config_keys[];
extern const size_t config_key_count;

/* NULL where no key has this path. */
const struct config_key *config_key_find(const char *path);

/* -1 where memory is short.  What was there before is not freed. */
int config_key_set_default(const struct config_key *key, struct config *config);

/* Decimal digits, no sign, no leading zero; false for anything else. */
bool config_number_parse(const char *text, uint32_t *out);

#define CONFIG_DECIMAL_PLACES_MAX 9
#define CONFIG_DECIMAL_UNIT       1000000000 /* 10 to that power */

/*
 * A decimal number: up to six digits as above, then '.' and one to
 * CONFIG_DECIMAL_PLACES_MAX more, or neither.  False for anything else: a
 * sign, an exponent, ".5", "5.", infinity, NaN.
 */
bool config_decimal_parse(const char *text, double *out);

#endif
