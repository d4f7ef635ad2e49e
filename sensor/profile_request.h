#ifndef SENSOR_PROFILE_REQUEST_H
#define SENSOR_PROFILE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decoders/cursor.h"
#include "decoders/json_scan.h"
#include "iocs/profile.h"
#include "sensor/observation.h"

/* What an observation keeps of a body, decoded. */
#define PROFILE_DECODED_MAX 768

/*
 * An HTTP request as profiles look at it.  Windows borrow from the
 * observation and, in `json`, from `decoded`: it must not be copied.
 */
struct profile_request {
	uint16_t port;   /* of the URL */
	bool body_whole; /* nothing of it is missing */
	bool is_token;   /* nothing but letters of base64, RFC 4648 section 4 */
	bool is_base64;  /* ... and as many as it takes */
	bool is_json;    /* ... whose octets begin as a JSON object */
	bool json_cut;
	uint64_t body_len; /* announced, else seen */
	struct cursor method, host, path, agent, media_type, body;
	struct json_object json;
	struct cursor json_type; /* the string "type"; at NULL: not seen */
	uint8_t decoded[PROFILE_DECODED_MAX];
};

/* `o` is an OBS_HTTP_REQUEST. */
void profile_request_read(const struct observation *o,
    struct profile_request *request);

bool profile_method_matches(const struct profile *profile,
    const struct profile_request *request);

/*
 * A bit for each feature that matches; each connection is taken for new, those
 * of the response do not match.
 */
uint32_t profile_features_match(const struct profile *profile,
    const struct profile_request *request);

/* Without those that a new connection for each request gives. */
uint32_t profile_features_of_old(const struct profile *profile,
    uint32_t features);

/* The bits of the features about the response that `octets` match. */
uint32_t profile_response_match(const struct profile *profile, uint64_t octets);

/* What a set of features is worth, without the rhythm. */
int profile_score(const struct profile *profile, uint32_t features);

#endif
