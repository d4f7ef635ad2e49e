#include "output/eve_objects.h"
#include "sensor/beacon.h"
#include "sensor/profile_detector.h"

/*
 * What is ours: the timing of a pair, in its own event and in alerts, and what
 * matched of an implant's profile.
 */

static void
write_reasons(struct json_writer *json, const char *key, uint8_t lowered)
{
	static const struct {
		uint8_t bit;
		const char *name;
	} reasons[] = {
		{ BEACON_LOW_FEW, "few_transactions" },
		{ BEACON_LOW_IRREGULAR, "irregular_intervals" },
		{ BEACON_LOW_SIZES, "varying_sizes" },
		{ BEACON_LOW_COVERAGE, "other_traffic_between" },
		{ BEACON_LOW_PREVALENT, "many_hosts_do_the_same" },
		{ BEACON_LOW_ALLOWED, "trusted_service" },
	};

	jw_array_open(json, key);
	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
		if (lowered & reasons[i].bit)
			jw_text(json, NULL, reasons[i].name);
	}
	jw_array_close(json);
}

static const char *
kind_name(uint8_t kind)
{
	switch ((enum transaction_kind)kind) {
	case TRANSACTION_CONNECTION:
		return "connection";
	case TRANSACTION_HTTP:
		return "http_request";
	case TRANSACTION_TLS:
		return "burst";
	case TRANSACTION_DNS:
		return "dns_query";
	case TRANSACTION_FAILED:
		return "failed_attempt";
	}
	return "";
}

static void
write_score(struct json_writer *json, const struct beacon_score *score)
{
	jw_object_open(json, "subscores");
	jw_real(json, "periodicity", (double)score->periodicity);
	jw_real(json, "confidence", (double)score->confidence);
	jw_real(json, "sizes", (double)score->sizes);
	jw_real(json, "coverage", (double)score->coverage);
	jw_real(json, "prevalence", (double)score->prevalence);
	jw_real(json, "own", (double)score->own);
	jw_real(json, "evidence", (double)score->evidence);
	jw_object_close(json);
	write_reasons(json, "lowered_by", score->lowered);
	jw_uint(json, "samples", score->samples);
	jw_uint(json, "in_rhythm", score->in_rhythm);
	jw_uint(json, "streams", score->streams);
	jw_array_open(json, "histogram");
	for (size_t i = 0; i < BEACON_HISTOGRAM_BINS; i++)
		jw_uint(json, NULL, score->histogram[i]);
	jw_array_close(json);
}

void
eve_beacon_object(struct eve *eve, const struct hit *hit)
{
	const struct beacon_report *report = hit->beacon;
	const struct pair *pair = report->pair;
	const struct beacon_score *score = report->best;
	struct json_writer *json = &eve->json;

	jw_object_open(json, "beacon");
	if (pair->name_len > 0)
		jw_string(json, "host", pair->name, pair->name_len);
	jw_text(json, "kind", kind_name(pair->kind));
	jw_real(json, "score", (double)score->score);
	jw_uint(json, "count", pair->count);
	jw_real(json, "interval", (double)score->interval_s);
	jw_real(json, "jitter", (double)score->jitter);
	eve_time(eve, "first_seen", pair->first_us);
	eve_time(eve, "last_seen", pair->last_us);
	jw_real(json, "window", (double)report->window_us / 1e6);
	write_score(json, score);
	jw_uint(json, "peers", report->context.peers);
	jw_uint(json, "segment_hosts", report->context.segment_hosts);
	jw_array_open(json, "recent_intervals");
	for (uint32_t i = 0; i < report->interval_count; i++)
		jw_real(json, NULL, (double)report->intervals_s[i]);
	jw_array_close(json);
	jw_object_close(json);
}

void
eve_profile_object(struct eve *eve, const struct profile_finding *finding)
{
	const struct profile *profile = finding->profile;
	struct json_writer *json = &eve->json;

	jw_object_open(json, "profile");
	jw_text(json, "id", profile->id);
	jw_text(json, "name", profile->name);
	jw_text(json, "campaign", profile->campaign);
	jw_uint(json, "confidence", finding->confidence);
	jw_bool(json, "timed", finding->timed);
	jw_real(json, "score", finding->score);
	jw_uint(json, "threshold", profile->threshold);
	if (finding->timing_score != 0)
		jw_real(json, "timing", finding->timing_score);
	jw_array_open(json, "features");
	for (uint32_t i = 0; i < profile->feature_count; i++) {
		if (finding->features & UINT32_C(1) << i) {
			jw_object_open(json, NULL);
			jw_text(json, "feature",
			    profile_test_name(
				(enum profile_test)profile->features[i].test));
			jw_real(json, "weight", profile->features[i].weight);
			jw_object_close(json);
		}
	}
	jw_array_close(json);
	jw_object_close(json);
}

/* The rhythm that a profile's requests had, in the place of a score. */
void
eve_profile_beacon_object(struct eve *eve,
    const struct profile_finding *finding)
{
	const struct observation *o = finding->observation;
	struct json_writer *json = &eve->json;

	jw_object_open(json, "beacon");
	if (o->kind == OBS_HTTP_REQUEST)
		eve_obs_text(eve, "host", o, o->http.host);
	jw_uint(json, "count", finding->count);
	if (finding->interval_us > 0) {
		jw_real(json, "interval", (double)finding->interval_us / 1e6);
		jw_real(json, "jitter",
		    (double)finding->jitter_us / (double)finding->interval_us);
	}
	eve_time(eve, "first_seen", finding->first_us);
	eve_time(eve, "last_seen", finding->last_us);
	jw_array_open(json, "recent_intervals");
	for (unsigned i = 0; i < finding->recent_count; i++)
		jw_real(json, NULL, (double)finding->recent_us[i] / 1e6);
	jw_array_close(json);
	jw_object_close(json);
}
