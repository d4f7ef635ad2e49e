#include "sensor/prevalence.h"

#include <stdlib.h>

#include "sensor/host_count.h"
#include "sensor/reserve.h"

#define WAYS              8
#define DAY_S             86400
#define STALE_S           600 /* in which half of the worth goes */
#define DESTINATION_WORDS 2
#define SEGMENT_WORDS     128

struct destination {
	uint64_t hash; /* 0: empty */
	uint32_t day, last_s;
	uint64_t maps[2 * DESTINATION_WORDS];
};
_Static_assert(sizeof(struct destination) == 48, "as the header says");

struct segment_hosts {
	uint32_t day;
	uint64_t maps[2 * SEGMENT_WORDS];
};

struct prevalence {
	uint32_t set_count;
	struct destination *destinations; /* WAYS for each set */
	struct segment_hosts hosts[PREVALENCE_SEGMENTS_MAX];
	uint64_t evicted;
};

static uint64_t
table_octets(const struct prevalence *p)
{
	return (uint64_t)p->set_count * WAYS * sizeof p->destinations[0];
}

struct prevalence *
prevalence_new(uint32_t destinations_max)
{
	struct prevalence *p = calloc(1, sizeof *p);

	if (p == NULL)
		return NULL;
	p->set_count = destinations_max / WAYS + 1;
	p->destinations = reserve(table_octets(p));
	if (p->destinations == NULL) {
		free(p);
		return NULL;
	}
	return p;
}

void
prevalence_free(struct prevalence *p)
{
	if (p == NULL)
		return;
	unreserve(p->destinations, table_octets(p));
	free(p);
}

/* ---- destinations ---- */

static struct destination *
set_of(const struct prevalence *p, uint64_t hash)
{
	return &p->destinations[((hash >> 32) * p->set_count >> 32) * WAYS];
}

static struct destination *
find(const struct prevalence *p, uint64_t hash)
{
	struct destination *set = set_of(p, hash);

	for (int way = 0; way < WAYS; way++) {
		if (set[way].hash == hash)
			return &set[way];
	}
	return NULL;
}

/* A clock that stepped back makes nothing old. */
static uint64_t
worth(const struct destination *d, uint32_t now_s)
{
	uint32_t age = now_s > d->last_s ? now_s - d->last_s : 0;

	if (d->hash == 0)
		return 0;
	return (uint64_t)host_count_bits(d->maps, DESTINATION_WORDS) * 65536 /
	       (1 + age / STALE_S);
}

static struct destination *
make(struct prevalence *p, uint64_t hash, uint32_t now_s)
{
	struct destination *set = set_of(p, hash), *victim = set;
	uint64_t least = UINT64_MAX, value;

	for (int way = 0; way < WAYS; way++) {
		if ((value = worth(&set[way], now_s)) < least) {
			least = value;
			victim = &set[way];
		}
	}
	p->evicted += victim->hash != 0;
	*victim = (struct destination){ .hash = hash, .day = now_s / DAY_S };
	return victim;
}

/* ---- segments ---- */

static uint16_t
hosts_index(uint16_t segment)
{
	return segment < PREVALENCE_SEGMENTS_MAX ? segment
	                                         : PREVALENCE_SEGMENTS_MAX - 1;
}

void
prevalence_note(struct prevalence *p, uint64_t destination, uint64_t source,
    uint16_t segment, uint32_t now_s)
{
	struct segment_hosts *hosts = &p->hosts[hosts_index(segment)];
	struct destination *d = find(p, destination);

	if (d == NULL)
		d = make(p, destination, now_s);
	d->last_s = now_s;
	host_count_add(d->maps, DESTINATION_WORDS, &d->day, now_s / DAY_S,
	    source);
	host_count_add(hosts->maps, SEGMENT_WORDS, &hosts->day, now_s / DAY_S,
	    source);
}

uint32_t
prevalence_peers(const struct prevalence *p, uint64_t destination)
{
	const struct destination *d = find(p, destination);

	return d == NULL ? 0 : host_count_estimate(d->maps, DESTINATION_WORDS);
}

uint32_t
prevalence_hosts(const struct prevalence *p, uint16_t segment)
{
	return host_count_estimate(p->hosts[hosts_index(segment)].maps,
	    SEGMENT_WORDS);
}

uint64_t
prevalence_evicted(const struct prevalence *p)
{
	return p->evicted;
}

uint64_t
prevalence_octets(const struct prevalence *p)
{
	return table_octets(p) + sizeof *p;
}
