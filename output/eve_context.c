#include "output/eve_objects.h"

#include "sensor/hit_context.h"

#define US_PER_S 1e6

static void
write_place(struct eve *eve, const struct place *place)
{
	struct json_writer *json = &eve->json;

	if (place->country[0] != '\0') {
		jw_object_open(json, "geo");
		jw_text(json, "country", place->country);
		jw_object_close(json);
	}
	if (place->asn == 0)
		return;
	jw_object_open(json, "asn");
	jw_uint(json, "number", place->asn);
	if (place->organisation[0] != '\0')
		jw_text(json, "organization", place->organisation);
	jw_object_close(json);
}

static void
write_name(struct eve *eve, const struct hit_context *context)
{
	struct json_writer *json = &eve->json;

	if (context->dns_name[0] == '\0')
		return;
	jw_object_open(json, "dns");
	jw_text(json, "name", context->dns_name);
	jw_real(json, "age_s", (double)context->dns_age_us / US_PER_S);
	jw_object_close(json);
}

static void
write_fingerprint(struct eve *eve, const struct hit_context *context)
{
	struct json_writer *json = &eve->json;

	if (context->ja3[0] == '\0' && context->ja4[0] == '\0')
		return;
	jw_object_open(json, "tls");
	if (context->ja3[0] != '\0')
		jw_text(json, "ja3", context->ja3);
	if (context->ja4[0] != '\0')
		jw_text(json, "ja4", context->ja4);
	jw_bool(json, "new", context->fingerprint_new);
	eve_time(eve, "first_seen", context->fingerprint_first_us);
	jw_object_close(json);
}

/* The other end's segment: what `segment` tells is the host's of ours. */
static void
write_destination(struct eve *eve, const struct hit *hit)
{
	const struct segments *segments = eve->options.segments;
	uint16_t segment = hit->observation->segment[other_end(hit->source)];
	const char *name = segment_name(segments, segment);
	const char *role = segment_role(segments, segment);

	if (name[0] != '\0')
		jw_text(&eve->json, "dest_segment", name);
	if (role[0] != '\0')
		jw_text(&eve->json, "dest_role", role);
}

void
eve_hit_context(struct eve *eve, const struct hit *hit)
{
	const struct hit_context *context = hit->context;
	const struct observation *o = hit->observation;
	struct json_writer *json = &eve->json;

	write_destination(eve, hit);
	jw_text(json, "direction",
	    segments_direction(eve->options.segments, o->segment[DIR_OUT],
		o->segment[DIR_IN]));
	eve_ndpi_object(eve, o);
	if (context == NULL)
		return;
	if (context->src_host[0] != '\0')
		jw_text(json, "src_host", context->src_host);
	write_place(eve, &context->place);
	write_name(eve, context);
	write_fingerprint(eve, context);
	if (context->service != NULL)
		jw_text(json, "service", context->service);
}
