#ifndef OUTPUT_REDIS_COMMAND_H
#define OUTPUT_REDIS_COMMAND_H

#include <stddef.h>
#include <stdint.h>

#include "output/redis_reply.h"
#include "output/sink_line.h"
#include "output/sink_url.h"

/*
 * The command that writes a line: XADD, RPUSH, LPUSH or PUBLISH with the key
 * that the URL's template gives for this event.  Made once for each key and
 * kept, but for the line, its last argument: a line is then a copy.
 *
 * An event without a network segment has the segment "none" in its key, one
 * that is no hit the severity "none".
 */
struct redis_commands;

struct redis_head {
	char *octets; /* RESP, up to the length of the line */
	size_t len;
	uint16_t slot; /* of its key, in a cluster */
};

/* The URL outlives it.  NULL: out of memory. */
struct redis_commands *redis_commands_new(const struct sink_url *url);
void redis_commands_free(struct redis_commands *commands);

/* Good until the next call; NULL: out of memory. */
const struct redis_head *redis_commands_head(struct redis_commands *commands,
    const struct sink_line *line);

/* What Redis answers when it has taken a line. */
enum redis_kind redis_commands_reply(const struct redis_commands *commands);

#endif
