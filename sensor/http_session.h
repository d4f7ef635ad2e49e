#ifndef SENSOR_HTTP_SESSION_H
#define SENSOR_HTTP_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decoders/http.h"

/* Octets of a request's body that are kept for indicators and profiles. */
#define HTTP_BODY_KEEP 1024
/* Of a response's: enough for what executables and scripts begin with. */
#define HTTP_RESPONSE_KEEP 64
/* Requests that wait for their response; more: the oldest is given up. */
#define HTTP_EXCHANGES_MAX 64

struct observation;

/* A request that waits for its response. */
struct http_exchange {
	struct http_exchange *next;
	bool is_head, is_connect;
	bool told;                  /* OBS_HTTP_REQUEST was emitted */
	struct observation *kept;   /* what is known so far; owned, or NULL */
	struct tunnel_host *tunnel; /* of CONNECT; owned, or NULL */
};

enum http_phase {
	HTTP_AT_HEAD,
	HTTP_IN_BODY, /* of known length: the stream skips it */
	HTTP_IN_CHUNKS,
	HTTP_TO_CLOSE,
	HTTP_LOST, /* after a hole: looks for the next message */
};

/* One end's messages. */
struct http_half {
	uint8_t phase;    /* enum http_phase */
	uint16_t misses;  /* offers without a message, while lost */
	size_t scanned;   /* of http_head_ready */
	uint64_t collect; /* body octets that are still to be kept */
	uint64_t rest;    /* of known length: octets behind those */
	struct http_chunks chunks;
};

struct http_session {
	struct http_half half[2]; /* by end of the key */
	struct http_exchange *oldest, *newest;
	uint32_t exchange_count;
	uint8_t *body; /* the newest request's first octets; owned, or NULL */
	uint32_t body_len;
	struct observation *answered; /* whose response body still comes */
	uint8_t response[HTTP_RESPONSE_KEEP]; /* its first octets */
	uint32_t response_len;
};

#endif
