#ifndef IOCS_PROFILE_H
#define IOCS_PROFILE_H

#include <stddef.h>
#include <stdint.h>

/*
 * What a known implant does on the wire, as far as it was published: features
 * of one request, each with a weight, and a rhythm.  Weights add up to a
 * score; from `threshold` on it is a finding.  Plain data that nobody changes
 * once it is loaded.  The files are described in iocs/profiles/README.md.
 */

#define PROFILE_FEATURES_MAX 32 /* so that a set of them is a uint32_t */
#define PROFILE_WEIGHT_MAX   100

/* The names in the files are profile_test_name's. */
enum profile_test {
	PROFILE_PORT_IN,        /* port.in: numbers */
	PROFILE_PORT_NOT_IN,    /* port.not_in: numbers */
	PROFILE_HOST_ADDRESS,   /* host.address: the host is no name */
	PROFILE_PATH_LIKE,      /* path.like: patterns; without the query */
	PROFILE_AGENT_IS,       /* user_agent.is: texts, case included */
	PROFILE_AGENT_HAS,      /* user_agent.has: parts, in any case */
	PROFILE_AGENT_NONE,     /* user_agent.none */
	PROFILE_CONTENT_IS,     /* content_type.is: media types, any case */
	PROFILE_CONTENT_NONE,   /* content_type.none */
	PROFILE_BODY_JSON_TYPE, /* body.base64_json_type: values of "type" */
	PROFILE_BODY_JSON_KEYS, /* body.base64_json_keys: nothing but these keys
	                           before it was cut, "type" not yet seen */
	PROFILE_BODY_JSON,      /* body.base64_json: an object */
	PROFILE_BODY_BASE64,    /* body.base64: of at least `min` octets */
	PROFILE_BODY_TOKEN,     /* body.token: the same, where the length or the
	                           padding is not base64's */
	PROFILE_BODY_FIELDS,    /* body.form_fields: a form with all of these */
	PROFILE_BODY_LIKE,      /* body.like: patterns; the whole body */
	PROFILE_BODY_CLEAR,     /* body.clear: JSON, XML, form or plain words */
	PROFILE_CLAIMED_TYPE,   /* claim.base64_json_type: as
	                           body.base64_json_type, any case; a second
	                           opinion on the same body */
	PROFILE_CONNECTION_NEW, /* connection.new: of several requests, each
	                           on its own */
	PROFILE_RESPONSE_OCTETS, /* response.octets: wire octets that came back
	                            on a connection with this request only,
	                            `min` to `max` */
	PROFILE_TEST_COUNT,
};
const char *profile_test_name(enum profile_test test);

struct profile_value {
	const char *text; /* NUL-terminated; NULL for a number */
	uint32_t len;
	uint32_t number;
};

/*
 * Features of one kind (the part of the name before the dot) do not add up:
 * of those that match, the highest weight above zero counts, and the lowest
 * below.
 */
struct profile_feature {
	uint8_t test;  /* enum profile_test */
	int8_t weight; /* -100..100; below zero it speaks against */
	uint16_t value_count;
	const struct profile_value *values;
	uint64_t min, max; /* octets */
};

/*
 * A loop that works, then sleeps: from one request to the next it takes
 * period_us, at most early_us less (what the network may shift it) and
 * late_us more (the work).  An attempt that fails costs retry_us.
 */
struct profile_timing {
	uint64_t period_us; /* 0: the profile has no rhythm */
	uint64_t early_us, late_us, retry_us;
	uint64_t spread_us; /* how far such intervals are from their median */
	uint32_t intervals_min; /* such intervals, until the rhythm counts */
	int8_t weight;
	/* All of them within the first seconds of a minute: a scheduler. */
	int8_t aligned_weight;
};

struct profile {
	const char *id;                /* lower case, digits, '-' */
	const char *name;              /* for people */
	const char *campaign;          /* as in the indicator sets */
	const char *signature;         /* text of the alert */
	const char *const *references; /* URLs; NULL ends */
	const char *const *attack_ids; /* MITRE ATT&CK; NULL ends */
	const char *const *methods;    /* one of these, else no match */
	uint32_t signature_id;
	uint8_t severity;  /* 1 (high) .. 3 */
	uint8_t threshold; /* 1..100 */
	uint32_t feature_count;
	const struct profile_feature *features;
	struct profile_timing timing;
};

#endif
