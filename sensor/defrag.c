#include "sensor/defrag.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "sensor/layers.h"
#include "sensor/siphash.h"
#include "sensor/reserve.h"

/*
 * Offsets count units of eight octets, so a datagram is a grid of units.  It
 * is cut into blocks, each with a bit for every unit that is there; blocks
 * come from one pool when a fragment first touches them.  Nothing depends on
 * how many fragments there are, how small or in which order: an octet costs
 * the same however it is cut, and a flood of tiny fragments fills bits.
 */
#define UNIT_OCTETS   8
#define BLOCK_UNITS   256
#define BLOCK_OCTETS  (BLOCK_UNITS * UNIT_OCTETS)
#define PAYLOAD_MAX   65535
#define PAYLOAD_MAX_4 (PAYLOAD_MAX - 20) /* IPv4 counts its header too */
#define BLOCKS_MAX    (PAYLOAD_MAX / BLOCK_OCTETS + 1)

/* As many as a datagram has units: more can only be repeats. */
#define FRAGMENTS_MAX (PAYLOAD_MAX / UNIT_OCTETS + 1)

/*
 * Whole datagrams wait for defrag_release in an area of their own.  A batch
 * of 32 packets completes 32 of them, or twice as many where a tunnel's
 * datagrams are fragments again.
 */
#define WHOLE_OCTETS (64 * (PAYLOAD_MAX + 1))

struct block {
	uint64_t have[BLOCK_UNITS / 64];
	struct block *next_free;
	uint8_t octets[BLOCK_OCTETS];
};

struct incomplete {
	struct fragment_key key;
	struct incomplete *chain;         /* of the hash bucket, or free */
	struct incomplete *older, *newer; /* by first fragment */
	struct block *blocks[BLOCKS_MAX];
	uint64_t first_us;
	uint32_t units;    /* there */
	uint32_t len;      /* 0: the last fragment is missing */
	uint32_t more_end; /* furthest end of a fragment with more */
	uint32_t fragment_count;
	uint32_t wire_len;
	uint8_t proto;
	bool discarded; /* remembered only to refuse what else comes */
};

struct defragmenter {
	struct layers_counts *counts;
	uint64_t timeout_us;
	struct siphash_key hash_key;
	struct incomplete **buckets;
	size_t bucket_count; /* a power of two */
	struct incomplete *incompletes, *free_incompletes;
	size_t incomplete_count, incomplete_max; /* ever used; there are */
	struct incomplete *oldest, *newest;
	struct block *blocks, *free_blocks;
	size_t block_count, block_max; /* ever used; there are */
	uint8_t *whole;
	size_t whole_used;
};

static bool
reserve_tables(struct defragmenter *d)
{
	d->buckets = reserve(d->bucket_count * sizeof *d->buckets);
	d->incompletes = reserve(d->incomplete_max * sizeof *d->incompletes);
	d->blocks = reserve(d->block_max * sizeof *d->blocks);
	d->whole = reserve(WHOLE_OCTETS);
	return d->buckets != NULL && d->incompletes != NULL &&
	       d->blocks != NULL && d->whole != NULL;
}

struct defragmenter *
defrag_new(const struct fragment_limits *limits, struct layers_counts *counts)
{
	struct defragmenter *d = calloc(1, sizeof *d);

	if (d == NULL)
		return NULL;
	d->counts = counts;
	d->timeout_us = limits->timeout_us;
	d->incomplete_max = limits->datagrams_max;
	d->block_max = limits->octets_max / sizeof(struct block);
	d->bucket_count = 1;
	while (d->bucket_count < d->incomplete_max)
		d->bucket_count *= 2;
	if (getrandom(&d->hash_key, sizeof d->hash_key, 0) !=
		(ssize_t)sizeof d->hash_key ||
	    !reserve_tables(d)) {
		defrag_free(d);
		return NULL;
	}
	return d;
}

void
defrag_free(struct defragmenter *d)
{
	if (d == NULL)
		return;
	unreserve(d->buckets, d->bucket_count * sizeof *d->buckets);
	unreserve(d->incompletes, d->incomplete_max * sizeof *d->incompletes);
	unreserve(d->blocks, d->block_max * sizeof *d->blocks);
	unreserve(d->whole, WHOLE_OCTETS);
	free(d);
}

static struct incomplete **
bucket_of(struct defragmenter *d, const struct fragment_key *key)
{
	uint64_t hash = siphash(&d->hash_key, key, sizeof *key);

	return &d->buckets[hash & (d->bucket_count - 1)];
}

static void
release_blocks(struct defragmenter *d, struct incomplete *in)
{
	for (size_t i = 0; i < BLOCKS_MAX; i++) {
		if (in->blocks[i] == NULL)
			continue;
		in->blocks[i]->next_free = d->free_blocks;
		d->free_blocks = in->blocks[i];
		in->blocks[i] = NULL;
	}
}

static void
forget(struct defragmenter *d, struct incomplete *in)
{
	struct incomplete **at = bucket_of(d, &in->key);

	while (*at != in)
		at = &(*at)->chain;
	*at = in->chain;
	*(in->older != NULL ? &in->older->newer : &d->oldest) = in->newer;
	*(in->newer != NULL ? &in->newer->older : &d->newest) = in->older;
	release_blocks(d, in);
	in->chain = d->free_incompletes;
	d->free_incompletes = in;
}

/* Its memory is free at once; the name stays until it is old. */
static void
discard(struct defragmenter *d, struct incomplete *in)
{
	release_blocks(d, in);
	in->discarded = true;
}

static void
evict_oldest(struct defragmenter *d)
{
	if (!d->oldest->discarded)
		d->counts->fragment_evictions++;
	forget(d, d->oldest);
}

/*
 * A clock that went back, as between two stored files, makes a datagram old
 * as well: its missing fragments are as far away.
 */
static bool
is_old(const struct defragmenter *d, const struct incomplete *in,
    uint64_t now_us)
{
	uint64_t age_us = now_us >= in->first_us ? now_us - in->first_us
	                                         : in->first_us - now_us;

	return age_us > d->timeout_us;
}

static void
time_out(struct defragmenter *d, struct incomplete *in)
{
	if (!in->discarded)
		d->counts->fragment_timeouts++;
	forget(d, in);
}

static struct incomplete *
incomplete_new(struct defragmenter *d, const struct fragment_key *key,
    uint64_t now_us)
{
	struct incomplete *in, **bucket = bucket_of(d, key);

	if (d->incomplete_max == 0)
		return NULL;
	if (d->free_incompletes == NULL &&
	    d->incomplete_count == d->incomplete_max)
		evict_oldest(d);
	if ((in = d->free_incompletes) != NULL)
		d->free_incompletes = in->chain;
	else
		in = &d->incompletes[d->incomplete_count++];
	*in = (struct incomplete){ .key = *key,
		.first_us = now_us,
		.chain = *bucket,
		.older = d->newest };
	*bucket = in;
	*(d->newest != NULL ? &d->newest->newer : &d->oldest) = in;
	d->newest = in;
	return in;
}

/* NULL: there is room for none. */
static struct incomplete *
incomplete_find(struct defragmenter *d, const struct fragment_key *key,
    uint64_t now_us)
{
	struct incomplete *in;

	while (d->oldest != NULL && is_old(d, d->oldest, now_us))
		time_out(d, d->oldest);
	for (in = *bucket_of(d, key); in != NULL; in = in->chain) {
		if (memcmp(&in->key, key, sizeof *key) == 0)
			break;
	}
	if (in != NULL && is_old(d, in, now_us)) {
		time_out(d, in);
		in = NULL;
	}
	return in != NULL ? in : incomplete_new(d, key, now_us);
}

/* Older datagrams make room.  NULL: this is the oldest and must give way. */
static struct block *
block_new(struct defragmenter *d, const struct incomplete *in)
{
	struct block *block;

	while (d->free_blocks == NULL && d->block_count == d->block_max &&
	       d->oldest != in)
		evict_oldest(d);
	if ((block = d->free_blocks) != NULL)
		d->free_blocks = block->next_free;
	else if (d->block_count < d->block_max)
		block = &d->blocks[d->block_count++];
	else
		return NULL;
	memset(block->have, 0, sizeof block->have);
	return block;
}

static bool
has_unit(const struct block *block, uint32_t unit)
{
	return block->have[unit % BLOCK_UNITS / 64] >> unit % 64 & 1;
}

static uint8_t *
unit_octets(struct block *block, uint32_t unit)
{
	return block->octets + unit % BLOCK_UNITS * UNIT_OCTETS;
}

/* The next unit of a fragment's octets: short only at the datagram's end. */
static bool
next_unit(struct cursor *rest, struct cursor *unit)
{
	size_t len = rest->left < UNIT_OCTETS ? rest->left : UNIT_OCTETS;

	return len > 0 && cur_take(rest, len, unit);
}

enum overlap { OVERLAP_NONE, OVERLAP_REPEAT, OVERLAP_OTHER };

static enum overlap
find_overlap(const struct incomplete *in, const struct fragment *f)
{
	struct cursor rest = f->octets, octets;
	uint32_t unit = f->offset / UNIT_OCTETS, there = 0, missing = 0;
	bool differs = false;

	for (; next_unit(&rest, &octets); unit++) {
		struct block *block = in->blocks[unit / BLOCK_UNITS];

		if (block == NULL || !has_unit(block, unit)) {
			missing++;
			continue;
		}
		there++;
		if (memcmp(unit_octets(block, unit), octets.at, octets.left) !=
		    0)
			differs = true;
	}
	if (there == 0)
		return OVERLAP_NONE;
	return missing == 0 && !differs ? OVERLAP_REPEAT : OVERLAP_OTHER;
}

/* Fills the units that are not there yet.  False: no memory is left. */
static bool
store(struct defragmenter *d, struct incomplete *in, const struct fragment *f)
{
	struct cursor rest = f->octets, octets;
	uint32_t unit = f->offset / UNIT_OCTETS;

	for (; next_unit(&rest, &octets); unit++) {
		struct block **block = &in->blocks[unit / BLOCK_UNITS];

		if (*block == NULL && (*block = block_new(d, in)) == NULL)
			return false;
		if (has_unit(*block, unit))
			continue;
		memcpy(unit_octets(*block, unit), octets.at, octets.left);
		(*block)->have[unit % BLOCK_UNITS / 64] |= UINT64_C(1)
		                                           << unit % 64;
		in->units++;
	}
	return true;
}

/* RFC 791 section 3.2: only the last fragment ends between units. */
static bool
fragment_valid(const struct fragment_key *key, const struct fragment *f)
{
	size_t max = key->version == 4 ? PAYLOAD_MAX_4 : PAYLOAD_MAX;

	if (f->octets.left == 0 || f->offset % UNIT_OCTETS != 0 ||
	    (f->more && f->octets.left % UNIT_OCTETS != 0))
		return false;
	return f->octets.left <= max && f->offset <= max - f->octets.left;
}

/* False: this fragment and the ones before it put the end elsewhere. */
static bool
note_end(struct incomplete *in, const struct fragment *f)
{
	uint32_t end = f->offset + (uint32_t)f->octets.left;

	if (f->more) {
		if (end > in->more_end)
			in->more_end = end;
	} else {
		if (in->len != 0 && in->len != end)
			return false;
		in->len = end;
	}
	return in->len == 0 || in->more_end < in->len;
}

static bool
is_whole(const struct incomplete *in)
{
	return in->len != 0 &&
	       in->units == (in->len + UNIT_OCTETS - 1) / UNIT_OCTETS;
}

/* Moves the payload to where it outlives the blocks. */
static bool
assemble(struct defragmenter *d, const struct incomplete *in,
    struct datagram *out)
{
	uint8_t *to = d->whole + d->whole_used;
	size_t done, n;

	if (in->len > WHOLE_OCTETS - d->whole_used)
		return false;
	for (done = 0; done < in->len; done += n) {
		n = in->len - done;
		if (n > BLOCK_OCTETS)
			n = BLOCK_OCTETS;
		memcpy(to + done, in->blocks[done / BLOCK_OCTETS]->octets, n);
	}
	d->whole_used += in->len;
	*out = (struct datagram){ cur_of(to, in->len), in->proto,
		in->wire_len };
	return true;
}

static enum defrag
finish(struct defragmenter *d, struct incomplete *in, struct datagram *out)
{
	bool fits = assemble(d, in, out);

	forget(d, in);
	if (!fits) {
		d->counts->fragment_evictions++;
		return DEFRAG_HELD;
	}
	d->counts->reassembled++;
	return DEFRAG_WHOLE;
}

static enum defrag
discarded(struct defragmenter *d, struct incomplete *in, uint64_t *counter)
{
	if (counter != NULL)
		++*counter;
	discard(d, in);
	return DEFRAG_REFUSED;
}

enum defrag
defrag_insert(struct defragmenter *d, const struct fragment_key *key,
    const struct fragment *f, struct datagram *out)
{
	struct incomplete *in;

	if (!fragment_valid(key, f))
		return DEFRAG_REFUSED;
	if ((in = incomplete_find(d, key, f->time_us)) == NULL) {
		d->counts->fragment_evictions++;
		return DEFRAG_HELD;
	}
	if (in->discarded)
		return DEFRAG_REFUSED;
	in->wire_len += f->wire_len;
	if (++in->fragment_count > FRAGMENTS_MAX || !note_end(in, f))
		return discarded(d, in, NULL);
	switch (find_overlap(in, f)) {
	case OVERLAP_NONE:
		break;
	case OVERLAP_REPEAT:
		return DEFRAG_HELD;
	case OVERLAP_OTHER:
		if (key->version == 6)
			return discarded(d, in, &d->counts->fragment_overlaps);
		d->counts->fragment_overlaps++;
		break;
	}
	if (f->offset == 0)
		in->proto = f->proto;
	if (!store(d, in, f)) {
		d->counts->fragment_evictions++;
		discard(d, in);
		return DEFRAG_HELD;
	}
	return is_whole(in) ? finish(d, in, out) : DEFRAG_HELD;
}

void
defrag_release(struct defragmenter *d)
{
	d->whole_used = 0;
}
