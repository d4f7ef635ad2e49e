#include "output/eve_objects.h"

#include <stdio.h>
#include <string.h>

#include "sensor/profile_detector.h"

#define GENERATOR 1 /* gid: rules, in Suricata and Snort */

/* Metadata values are arrays of strings. */
static void
write_metadata_value(struct json_writer *json, const char *key,
    const char *value)
{
	jw_array_open(json, key);
	jw_text(json, NULL, value);
	jw_array_close(json);
}

/* In the words that rule sets for Suricata use. */
static const char *
confidence_name(uint8_t confidence)
{
	return confidence >= 75 ? "High" : confidence >= 50 ? "Medium" : "Low";
}

/* 2026_03_31, as rule sets write dates. */
static void
write_created(struct eve *eve, uint64_t time_us)
{
	char text[TIMESTAMP_LEN], day[sizeof "2026_03_31"];

	timestamp_write(&eve->times, time_us, text);
	snprintf(day, sizeof day, "%.4s_%.2s_%.2s", text, text + 5, text + 8);
	write_metadata_value(&eve->json, "created_at", day);
}

static void
write_metadata(struct eve *eve, const struct hit *hit)
{
	const char *const *ids = hit->signature->attack_ids;
	const struct indicator *indicator = hit->indicator;
	struct json_writer *json = &eve->json;

	jw_object_open(json, "metadata");
	if (ids != NULL && ids[0] != NULL) {
		jw_array_open(json, "mitre_technique_id");
		for (; *ids != NULL; ids++)
			jw_text(json, NULL, *ids);
		jw_array_close(json);
	}
	if (hit->profile != NULL)
		write_metadata_value(json, "confidence",
		    confidence_name(hit->profile->confidence));
	if (hit->rule != NULL && hit->confidence > 0)
		write_metadata_value(json, "confidence",
		    confidence_name(hit->confidence));
	if (indicator != NULL) {
		write_metadata_value(json, "confidence",
		    confidence_name(indicator->confidence));
		if (indicator->valid_from_us != 0)
			write_created(eve, indicator->valid_from_us);
	}
	jw_object_close(json);
}

static void
write_indicator(struct eve *eve, const struct hit *hit)
{
	const struct indicator *indicator = hit->indicator;
	struct json_writer *json = &eve->json;

	jw_object_open(json, "indicator");
	jw_text(json, "type",
	    indicator_type_name((enum indicator_type)indicator->type));
	jw_string(json, "value", indicator->value, indicator->value_len);
	jw_string(json, "matched", hit->matched, hit->matched_len);
	jw_text(json, "where", hit_where_name(hit->where));
	jw_text(json, "source", indicator->feed->source);
	if (indicator->feed->campaign != NULL)
		jw_text(json, "campaign", indicator->feed->campaign);
	jw_uint(json, "confidence", indicator->confidence);
	if (indicator->valid_from_us != 0)
		eve_time(eve, "valid_from", indicator->valid_from_us);
	if (indicator->valid_until_us != 0)
		eve_time(eve, "valid_until", indicator->valid_until_us);
	if (indicator->description != NULL)
		jw_text(json, "description", indicator->description);
	jw_object_close(json);
}

static void
write_learnt(struct eve *eve, const struct hit *hit)
{
	jw_object_open(&eve->json, "learnt");
	jw_text(&eve->json, "name", hit->learnt_name);
	eve_time(eve, "time", hit->learnt_us);
	jw_object_close(&eve->json);
}

/* The segment of the host of ours: mostly the source's. */
static uint16_t
host_segment(const struct hit *hit)
{
	const uint16_t *segment = hit->observation->segment;

	return segment_is_internal(segment[hit->source])
	           ? segment[hit->source]
	           : segment[other_end(hit->source)];
}

/* "policy" or "behaviour", as the detector is called. */
static void
write_rule(struct eve *eve, const struct hit *hit)
{
	bool policy = strcmp(hit->detector, "policy") == 0;
	struct json_writer *json = &eve->json;

	jw_object_open(json, hit->detector);
	jw_text(json, "name", hit->rule);
	if (policy) /* one that only observes has no hits */
		jw_text(json, "mode", "alert");
	jw_text(json, "reason", hit->reason);
	jw_string(json, policy ? "destination" : "matched", hit->matched,
	    hit->matched_len);
	if (!policy)
		jw_uint(json, "confidence", hit->confidence);
	jw_object_close(json);
}

/* What is ours in an alert; docs/events.md. */
static void
write_context(struct eve *eve, const struct hit *hit)
{
	uint16_t segment = host_segment(hit);
	const char *name = segment_name(eve->options.segments, segment);
	const char *role = segment_role(eve->options.segments, segment);
	struct json_writer *json = &eve->json;

	jw_object_open(json, "context");
	jw_text(json, "hit_id", hit->id);
	jw_text(json, "detector", hit->detector);
	if (name[0] != '\0')
		jw_text(json, "segment", name);
	if (role[0] != '\0')
		jw_text(json, "role", role);
	eve_hit_context(eve, hit);
	if (hit->indicator != NULL)
		write_indicator(eve, hit);
	if (hit->indicator != NULL && hit->where == WHERE_DNS_MEMORY)
		write_learnt(eve, hit);
	if (hit->rule != NULL)
		write_rule(eve, hit);
	if (hit->profile != NULL) {
		eve_profile_object(eve, hit->profile);
		eve_profile_beacon_object(eve, hit->profile);
	}
	if (hit->beacon != NULL)
		eve_beacon_object(eve, hit);
	jw_uint(json, "count", hit->count);
	eve_time(eve, "first_seen", hit->first_us);
	eve_time(eve, "last_seen", hit->last_us);
	jw_object_close(json);
}

/* The schema has no empty array of them. */
static void
write_references(struct json_writer *json, const struct hit *hit)
{
	const char *const *urls = NULL;
	const char *const one[] = { hit->indicator != NULL
					? hit->indicator->feed->reference
					: NULL,
		NULL };

	urls = hit->profile != NULL ? hit->profile->profile->references : one;
	if (urls == NULL || urls[0] == NULL)
		return;
	jw_array_open(json, "references");
	for (; *urls != NULL; urls++)
		jw_text(json, NULL, *urls);
	jw_array_close(json);
}

void
eve_alert_object(struct eve *eve, const struct hit *hit)
{
	const struct signature *signature = hit->signature;
	struct json_writer *json = &eve->json;

	jw_object_open(json, "alert");
	jw_text(json, "action", "allowed");
	jw_uint(json, "gid", GENERATOR);
	jw_uint(json, "signature_id", signature->id);
	jw_uint(json, "rev", signature->rev);
	jw_text(json, "signature", signature->text);
	jw_text(json, "category", signature->category);
	jw_uint(json, "severity", signature->severity);
	write_references(json, hit);
	write_metadata(eve, hit);
	write_context(eve, hit);
	jw_object_close(json);
}
