#include "output/summary.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "output/timestamp.h"

#define TEXT_LEN_MAX 48

struct row {
	char id[33];
	uint8_t severity;
	uint64_t first_us, count;
	char source[INET6_ADDRSTRLEN], destination[INET6_ADDRSTRLEN + 8];
	char where[24];
	char matched[TEXT_LEN_MAX + 4];
	char campaign[TEXT_LEN_MAX + 4];
};

struct summary {
	uint64_t hits;
	size_t count;
	struct row rows[SUMMARY_HITS_MAX];
};

struct summary *
summary_new(void)
{
	return calloc(1, sizeof(struct summary));
}

void
summary_free(struct summary *summary)
{
	free(summary);
}

uint64_t
summary_hits(const struct summary *summary)
{
	return summary->hits;
}

/* For a terminal: printable, and not too long. */
static void
copy_text(char *to, const char *from, size_t len)
{
	size_t n = len < TEXT_LEN_MAX ? len : TEXT_LEN_MAX;

	for (size_t i = 0; i < n; i++)
		to[i] = from[i] >= ' ' && from[i] <= '~' ? from[i] : '.';
	strcpy(to + n, len > n ? "..." : "");
}

static void
copy_address(char *to, const struct addr *addr)
{
	if (addr_is_v4(addr))
		inet_ntop(AF_INET, addr->octets + 12, to, INET6_ADDRSTRLEN);
	else
		inet_ntop(AF_INET6, addr->octets, to, INET6_ADDRSTRLEN);
}

static struct row *
row_of(struct summary *summary, const struct hit *hit)
{
	for (size_t i = 0; i < summary->count; i++) {
		if (strcmp(summary->rows[i].id, hit->id) == 0)
			return &summary->rows[i];
	}
	return NULL;
}

static void
describe_indicator(struct row *row, const struct hit *hit)
{
	const struct feed *feed = hit->indicator->feed;
	const char *campaign = feed->campaign != NULL ? feed->campaign
	                                              : feed->source;

	snprintf(row->where, sizeof row->where, "%s",
	    hit_where_name(hit->where));
	copy_text(row->matched, hit->matched, hit->matched_len);
	copy_text(row->campaign, campaign, strlen(campaign));
}

static void
describe_finding(struct row *row, const struct profile_finding *finding)
{
	const struct profile *profile = finding->profile;

	snprintf(row->where, sizeof row->where, "profile");
	copy_text(row->matched, profile->name, strlen(profile->name));
	copy_text(row->campaign, profile->campaign, strlen(profile->campaign));
}

static void
describe_beacon(struct row *row, const struct beacon_report *report)
{
	const struct pair *pair = report->pair;

	snprintf(row->where, sizeof row->where, "beacon");
	snprintf(row->matched, sizeof row->matched, "every %.1f s",
	    (double)report->best->interval_s);
	copy_text(row->campaign, pair->name_len > 0 ? pair->name : "no name",
	    pair->name_len > 0 ? pair->name_len : 7);
}

static void
describe_rule(struct row *row, const struct hit *hit)
{
	snprintf(row->where, sizeof row->where, "%s", hit->detector);
	copy_text(row->matched, hit->matched, hit->matched_len);
	copy_text(row->campaign, hit->rule, strlen(hit->rule));
}

static void
add_row(struct summary *summary, const struct hit *hit)
{
	const struct observation *o = hit->observation;
	struct row *row = &summary->rows[summary->count++];
	size_t len;

	memcpy(row->id, hit->id, sizeof row->id);
	row->severity = hit->signature->severity;
	row->first_us = hit->first_us;
	row->count = hit->count;
	copy_address(row->source, &o->addr[hit->source]);
	copy_address(row->destination, &o->addr[!hit->source]);
	len = strlen(row->destination);
	if (o->port[!hit->source] != 0)
		snprintf(row->destination + len, sizeof row->destination - len,
		    " %u", o->port[!hit->source]);
	if (hit->profile != NULL)
		describe_finding(row, hit->profile);
	else if (hit->beacon != NULL)
		describe_beacon(row, hit->beacon);
	else if (hit->rule != NULL)
		describe_rule(row, hit);
	else
		describe_indicator(row, hit);
}

void
summary_hit(struct summary *summary, const struct hit *hit)
{
	struct row *row = hit->update ? row_of(summary, hit) : NULL;

	if (row != NULL)
		row->count = hit->count;
	if (hit->update)
		return;
	summary->hits++;
	if (summary->count < SUMMARY_HITS_MAX)
		add_row(summary, hit);
}

static void
print_hits(FILE *to, const struct summary *summary)
{
	char when[TIMESTAMP_LEN];
	struct timestamp_cache cache = { 0 };

	fprintf(to, "\n%-19s  sev  %-15s %-21s %-15s %5s  %s\n",
	    "first seen (UTC)", "source", "destination, port", "where", "times",
	    "what (campaign)");
	for (size_t i = 0; i < summary->count; i++) {
		const struct row *row = &summary->rows[i];

		timestamp_write(&cache, row->first_us, when);
		when[10] = ' ';
		fprintf(to,
		    "%.19s  %3u  %-15s %-21s %-15s %5" PRIu64 "  %s (%s)\n",
		    when, row->severity, row->source, row->destination,
		    row->where, row->count, row->matched, row->campaign);
	}
	if (summary->hits > summary->count)
		fprintf(to, "... and %" PRIu64 " more\n",
		    summary->hits - summary->count);
	fputc('\n', to);
}

static void
print_losses(FILE *to, const struct statistics *s)
{
	const struct layers_counts *l = &s->tracker.layers;
	uint64_t bad = l->results[LAYERS_MALFORMED] +
	               l->results[LAYERS_TRUNCATED] +
	               l->results[LAYERS_UNKNOWN_LINK];

	if (bad > 0)
		fprintf(to, "%" PRIu64 " packets could not be decoded\n", bad);
	if (l->cut_packets > 0)
		fprintf(to,
		    "%" PRIu64 " packets were cut by the capture (snaplen)\n",
		    l->cut_packets);
	if (s->tracker.streams.gap_octets > 0)
		fprintf(to, "%" PRIu64 " octets are missing in TCP streams\n",
		    s->tracker.streams.gap_octets);
	if (s->sinks.total.lost > 0)
		fprintf(to, "%" PRIu64 " events were LOST\n",
		    s->sinks.total.lost);
	if (s->sinks.total.pending > 0)
		fprintf(to, "%" PRIu64 " events wait for the next start\n",
		    s->sinks.total.pending);
}

void
summary_print(FILE *to, const struct summary *summary,
    const struct statistics *s, double seconds)
{
	const struct tracker_counts *t = &s->tracker;

	if (summary->count > 0)
		print_hits(to, summary);
	fprintf(to,
	    "%" PRIu64 " packets, %" PRIu64 " flows, %" PRIu64
	    " DNS messages, %" PRIu64 " HTTP requests, %" PRIu64 " TLS hellos",
	    s->capture.packets, t->flows.created, t->apps.dns_messages,
	    t->apps.http_requests, t->apps.tls_hellos);
	if (s->capture.files > 0) /* none when live */
		fprintf(to, " in %" PRIu64 " capture%s", s->capture.files,
		    s->capture.files == 1 ? "" : "s");
	fprintf(to, "; %.2f s\n", seconds);
	statistics_print_sinks(to, &s->sinks);
	print_losses(to, s);
	fprintf(to, "%" PRIu64 " hit%s\n", summary->hits,
	    summary->hits == 1 ? "" : "s");
}
