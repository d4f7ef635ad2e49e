#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "output/redis_answer.h"
#include "output/redis_nodes.h"
#include "output/redis_reply.h"

/*
 * The input is what a Redis sends: read whole and cut in two, which must give
 * the same replies, and again as the text of an error that sends elsewhere.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Not with NDEBUG either. */
static void
require(bool holds)
{
	if (!holds)
		abort();
}

struct seen {
	size_t elements, replies;
	uint32_t sum; /* of all that was shown, in its order */
};

static void
add(struct seen *seen, uint32_t value)
{
	seen->sum = (seen->sum ^ value) * 16777619U;
}

static void
see(void *arg, const struct redis_element *element)
{
	struct seen *seen = arg;

	seen->elements++;
	add(seen, (uint32_t)element->kind);
	add(seen, element->depth);
	add(seen, (uint32_t)element->integer);
	require(element->depth <= REPLY_DEPTH_MAX);
	for (unsigned i = 0; i < element->depth; i++)
		add(seen, (uint32_t)element->path[i]);
	for (size_t i = 0; i < element->len; i++)
		add(seen, (uint8_t)element->text[i]);
}

/* Whether more may be fed. */
static bool
see_replies(struct redis_reader *reader, struct seen *seen)
{
	struct redis_reply reply;
	enum redis_read read;

	while ((read = redis_reader_next(reader, see, seen, &reply)) ==
	       READ_REPLY) {
		char text[128];

		seen->replies++;
		require(reply.kind == REPLY_ERROR || reply.error[0] == '\0');
		redis_answer_explain(reply.error, text, sizeof text);
		add(seen, (uint32_t)redis_answer_action(reply.error));
	}
	return read == READ_MORE;
}

static struct seen
read_in_two(const char *octets, size_t size, size_t cut)
{
	struct redis_reader *reader = redis_reader_new();
	struct seen seen = { 0, 0, 0 };

	require(reader != NULL);
	require(redis_reader_feed(reader, octets, cut) == 0);
	if (see_replies(reader, &seen)) {
		require(
		    redis_reader_feed(reader, octets + cut, size - cut) == 0);
		(void)see_replies(reader, &seen);
	}
	redis_reader_free(reader);
	return seen;
}

static void
follow(const char *octets, size_t size)
{
	static struct redis_nodes nodes;
	struct sink_url url = { .kind = SINK_REDIS };
	struct redis_setup setup = { .connect_timeout_ms = 0 };
	char error[REPLY_ERROR_SIZE];
	uint16_t slot = 0, node;

	redis_nodes_init(&nodes, &url, &setup, NULL);
	if (size > sizeof error - 1)
		size = sizeof error - 1;
	memcpy(error, octets, size);
	error[size] = '\0';
	node = redis_nodes_redirected(&nodes, 0, error, &slot);
	require(node == REDIS_NO_NODE || node < REDIS_NODES_MAX);
	require(node == REDIS_NO_NODE || nodes.nodes[node].port != 0);
	require(slot < REDIS_SLOTS);
	redis_nodes_fini(&nodes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen whole, cut;
	char *copy;

	if (size == 0 || (copy = malloc(size)) == NULL)
		return 0;
	memcpy(copy, data, size);
	whole = read_in_two(copy, size, size);
	cut = read_in_two(copy, size, data[0] % size);
	require(whole.elements == cut.elements);
	require(whole.replies == cut.replies && whole.sum == cut.sum);
	follow(copy, size);
	free(copy);
	return 0;
}
