#include "sensor/learn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "sensor/siphash.h"

#define BUCKETS   16384 /* a power of two */
#define PORTS_MAX 8     /* of one place; more are only told */
/* Sources of one place are told apart up to so many. */
#define SOURCES_MAX 16
#define SECOND_US   1000000
#define TCP_PROTO   6
#define UDP_PROTO   17

struct port {
	uint16_t number;
	uint8_t ip_proto;
};

/* Why a line is commented out. */
enum doubt { DOUBT_NONE, DOUBT_SERVICE, DOUBT_SUFFIX, DOUBT_INDICATOR };

/* One line of the list. */
struct line {
	struct line *chain;
	uint16_t segment;
	bool is_name;
	enum doubt doubt;
	service_set services;
	struct port ports[PORTS_MAX];
	unsigned port_count;
	bool more_ports, more_sources;
	struct addr sources[SOURCES_MAX];
	unsigned source_count;
	uint64_t times, first_us, last_us;
	char text[]; /* domain or address */
};

struct learn {
	struct learn_options options;
	struct siphash_key key;
	struct line *buckets[BUCKETS];
	uint32_t count;
	uint64_t left_out;
};

struct learn *
learn_new(const struct learn_options *options)
{
	struct learn *learn = calloc(1, sizeof *learn);

	if (learn == NULL)
		return NULL;
	learn->options = *options;
	if (getrandom(&learn->key, sizeof learn->key, 0) !=
	    (ssize_t)sizeof learn->key) {
		free(learn);
		return NULL;
	}
	return learn;
}

void
learn_free(struct learn *learn)
{
	if (learn == NULL)
		return;
	for (size_t i = 0; i < BUCKETS; i++) {
		while (learn->buckets[i] != NULL) {
			struct line *line = learn->buckets[i];

			learn->buckets[i] = line->chain;
			free(line);
		}
	}
	free(learn);
}

/* ---- noting ---- */

static struct line *
line_of(struct learn *learn, uint16_t segment, const char *text)
{
	size_t size = strlen(text) + 1;
	struct line **bucket =
	    &learn->buckets[(siphash(&learn->key, text, size) + segment) &
			    (BUCKETS - 1)];
	struct line *line = *bucket;

	while (line != NULL &&
	       (line->segment != segment || strcmp(line->text, text) != 0))
		line = line->chain;
	if (line != NULL)
		return line;
	if (learn->count == LEARN_PLACES_MAX ||
	    (line = calloc(1, sizeof *line + size)) == NULL)
		return NULL;
	memcpy(line->text, text, size);
	line->segment = segment;
	line->chain = *bucket;
	*bucket = line;
	learn->count++;
	return line;
}

static void
note_port(struct line *line, const struct departure *departure)
{
	struct port port = { departure->port, departure->ip_proto };

	for (unsigned i = 0; i < line->port_count; i++) {
		if (line->ports[i].number == port.number &&
		    line->ports[i].ip_proto == port.ip_proto)
			return;
	}
	if (line->port_count == PORTS_MAX)
		line->more_ports = true;
	else
		line->ports[line->port_count++] = port;
}

static void
note_source(struct line *line, const struct addr *source)
{
	for (unsigned i = 0; i < line->source_count; i++) {
		if (addr_equal(&line->sources[i], source))
			return;
	}
	if (line->source_count == SOURCES_MAX)
		line->more_sources = true;
	else
		line->sources[line->source_count++] = *source;
}

static void
note_time(struct line *line, uint64_t time_us)
{
	if (line->times++ == 0)
		line->first_us = line->last_us = time_us;
	if (time_us < line->first_us)
		line->first_us = time_us;
	if (time_us > line->last_us)
		line->last_us = time_us;
}

static bool
is_indicator(const struct departure *departure, const struct ioc_set *set)
{
	const struct indicator *found[1];
	uint64_t now_us = departure->o->time_us;

	if (set == NULL)
		return false;
	return (departure->name_len > 0 &&
		   ioc_match_name(set, departure->name, departure->name_len,
		       now_us, found, 1) > 0) ||
	       (departure->has_addr &&
		   ioc_match_address(set, &departure->addr, departure->port,
		       now_us, found, 1) > 0);
}

static void
note_doubt(struct learn *learn, struct line *line,
    const struct departure *departure, bool is_suffix,
    const struct ioc_set *set)
{
	enum doubt doubt = DOUBT_NONE;
	const struct addr *addr = departure->has_addr ? &departure->addr : NULL;

	line->services |= services_find(learn->options.services,
	    departure->name, departure->name_len, addr, departure->port);
	if (is_indicator(departure, set))
		doubt = DOUBT_INDICATOR;
	else if (is_suffix)
		doubt = DOUBT_SUFFIX;
	else if (line->services != 0)
		doubt = DOUBT_SERVICE;
	if (doubt > line->doubt)
		line->doubt = doubt;
}

void
learn_departure(struct learn *learn, const struct departure *departure,
    const struct ioc_set *set)
{
	const struct observation *o = departure->o;
	bool v4 = addr_is_v4(&departure->addr), is_suffix;
	char address[INET6_ADDRSTRLEN];
	const char *text = departure_registered(departure, &is_suffix);
	struct line *line;

	if (departure->name_len == 0) {
		inet_ntop(v4 ? AF_INET : AF_INET6,
		    departure->addr.octets + (v4 ? 12 : 0), address,
		    sizeof address);
		text = address;
	}
	line = line_of(learn, o->segment[DIR_OUT], text);
	if (line == NULL) {
		learn->left_out++;
		return;
	}
	line->is_name = departure->name_len > 0;
	note_port(line, departure);
	note_source(line, &o->addr[DIR_OUT]);
	note_time(line, o->time_us);
	note_doubt(learn, line, departure, is_suffix, set);
}

/* ---- writing ---- */

/* By segment, names before addresses, then by text. */
static int
line_order(const void *left, const void *right)
{
	const struct line *a = *(struct line *const *)left;
	const struct line *b = *(struct line *const *)right;

	if (a->segment != b->segment)
		return a->segment < b->segment ? -1 : 1;
	if (a->is_name != b->is_name)
		return a->is_name ? -1 : 1;
	return strcmp(a->text, b->text);
}

static struct line **
sorted(const struct learn *learn)
{
	struct line **lines = calloc((size_t)learn->count + 1, sizeof *lines);
	uint32_t count = 0;

	if (lines == NULL)
		return NULL;
	for (size_t i = 0; i < BUCKETS; i++) {
		for (struct line *l = learn->buckets[i]; l != NULL;
		     l = l->chain)
			lines[count++] = l;
	}
	qsort(lines, count, sizeof *lines, line_order);
	return lines;
}

static int
port_order(const void *left, const void *right)
{
	const struct port *a = left, *b = right;

	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	return (a->ip_proto > b->ip_proto) - (a->ip_proto < b->ip_proto);
}

static void
write_ports(FILE *to, const struct line *line)
{
	struct port ports[PORTS_MAX];
	const char *comma = "";

	memcpy(ports, line->ports, sizeof ports);
	qsort(ports, line->port_count, sizeof ports[0], port_order);
	for (unsigned i = 0; i < line->port_count; i++, comma = " ") {
		if (ports[i].ip_proto == TCP_PROTO)
			fprintf(to, "%s%u/tcp", comma, ports[i].number);
		else if (ports[i].ip_proto == UDP_PROTO)
			fprintf(to, "%s%u/udp", comma, ports[i].number);
		else
			fprintf(to, "%sIP protocol %u", comma,
			    ports[i].ip_proto);
	}
	if (line->more_ports)
		fputs(" and more", to);
}

static void
write_time(FILE *to, const char *word, uint64_t time_us)
{
	time_t seconds = (time_t)(time_us / SECOND_US);
	struct tm utc;
	char text[32];

	if (gmtime_r(&seconds, &utc) == NULL ||
	    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
		return;
	fprintf(to, ", %s %s", word, text);
}

/* What a name may be, so that nothing of the wire gets into the file. */
static bool
can_be_listed(const struct line *line)
{
	return destination_refusal(line->text) == NULL;
}

static void
write_line(FILE *to, const struct line *line)
{
	static const char *const warnings[] = {
		[DOUBT_NONE] = "",
		[DOUBT_SERVICE] = "hides what goes through it",
		[DOUBT_SUFFIX] = "anybody has names below it",
		[DOUBT_INDICATOR] = "WARNING: an indicator of compromise",
	};

	fprintf(to, "%s%-31s # ", line->doubt != DOUBT_NONE ? "# " : "",
	    line->text);
	if (line->doubt != DOUBT_NONE)
		fprintf(to, "%s%s%s: ", warnings[line->doubt],
		    line->services != 0 ? ", " : "",
		    line->services != 0 ? service_name(line->services) : "");
	write_ports(to, line);
	fprintf(to, "; %u source%s%s, %" PRIu64 " time%s", line->source_count,
	    line->source_count == 1 ? "" : "s",
	    line->more_sources ? " or more" : "", line->times,
	    line->times == 1 ? "" : "s");
	write_time(to, "first", line->first_us);
	write_time(to, "last", line->last_us);
	fputc('\n', to);
}

static void
write_segment(FILE *to, const struct learn *learn, uint16_t segment)
{
	const struct segments *segments = learn->options.segments;
	const char *name = "internal", *role = "";

	if (segments != NULL) {
		name = segment_name(segments, segment);
		role = segment_role(segments, segment);
	}
	fprintf(to, "\n# segment %s%s%s\n", name,
	    role[0] != '\0' ? ", role " : "", role);
}

static void
write_all(FILE *to, const struct learn *learn, struct line *const *lines)
{
	uint16_t segment = SEGMENT_EXTERNAL; /* none is learnt of it */
	uint64_t refused = 0;

	fputs("# What left the network, by segment: a starting list for a"
	      " policy's allow.lists.\n"
	      "# Read it before: what was wrong then would be allowed for"
	      " ever.  A line that is\n"
	      "# commented out needs a decision.\n",
	    to);
	for (uint32_t i = 0; i < learn->count; i++) {
		if (!can_be_listed(lines[i])) {
			refused++;
			continue;
		}
		if (segment != lines[i]->segment)
			write_segment(to, learn, lines[i]->segment);
		segment = lines[i]->segment;
		write_line(to, lines[i]);
	}
	if (refused > 0)
		fprintf(to, "\n# Not in the list, as no names: %" PRIu64 "\n",
		    refused);
	if (learn->left_out > 0)
		fprintf(to,
		    "\n# Not in the list: %" PRIu64
		    " departures to more than %d places.\n",
		    learn->left_out, LEARN_PLACES_MAX);
}

static int
fail(const char *path, char *error, size_t error_size)
{
	snprintf(error, error_size, "%s: %s", path, strerror(errno));
	return -1;
}

int
learn_write(const struct learn *learn, const char *path, char *error,
    size_t error_size)
{
	struct line **lines = sorted(learn);
	char aside[PATH_MAX];
	int n = snprintf(aside, sizeof aside, "%s.new", path);
	FILE *to = NULL;
	bool good;

	if (n < 0 || (size_t)n >= sizeof aside)
		errno = ENAMETOOLONG;
	else if (lines != NULL)
		to = fopen(aside, "we");
	if (to == NULL) {
		free(lines);
		return fail(path, error, error_size);
	}
	write_all(to, learn, lines);
	free(lines);
	good = fflush(to) == 0 && ferror(to) == 0 && fsync(fileno(to)) == 0;
	good = fclose(to) == 0 && good;
	if (good && rename(aside, path) == 0)
		return 0;
	fail(path, error, error_size);
	unlink(aside);
	return -1;
}
