#include "output/eve_objects.h"

#include <netinet/in.h>
#include <stdio.h>

#include "decoders/ndpi_classifier.h"

/* Longer than any of nDPI's names. */
#define PROTO_NAME_SIZE 64

/* How it is known; an IP protocol is as sure as its number. */
static const char *
by_name(const struct observation *o)
{
	switch ((enum classified_by)o->ndpi.by) {
	case CLASSIFIED_NOT:
		break;
	case CLASSIFIED_BY_PORT:
		return o->ip_proto == IPPROTO_TCP || o->ip_proto == IPPROTO_UDP
		           ? "port"
		           : "ip_proto";
	case CLASSIFIED_BY_ADDRESS:
		return "address";
	case CLASSIFIED_BY_NAME:
		return "name";
	case CLASSIFIED_BY_CONTENT:
		return "payload";
	}
	return "unknown";
}

static const char *
severity_name(enum classifier_severity severity)
{
	switch (severity) {
	case CLASSIFIER_LOW:
		break;
	case CLASSIFIER_MEDIUM:
		return "medium";
	case CLASSIFIER_HIGH:
		return "high";
	case CLASSIFIER_SEVERE:
		return "severe";
	}
	return "low";
}

static void
write_risks(struct json_writer *json, uint64_t risks)
{
	if (risks == 0)
		return;
	jw_array_open(json, "risks");
	for (unsigned risk = 0; risk < CLASSIFIER_RISKS_MAX; risk++) {
		const char *name = classifier_risk_name(risk);

		if (!(risks >> risk & 1) || name == NULL)
			continue;
		jw_object_open(json, NULL);
		jw_text(json, "risk", name);
		jw_text(json, "severity",
		    severity_name(classifier_risk_severity(risk)));
		jw_object_close(json);
	}
	jw_array_close(json);
}

/* As nDPI joins them: what carries it, and what it is. */
static void
write_proto(struct json_writer *json, const char *master, const char *app)
{
	char joined[2 * PROTO_NAME_SIZE];
	int len = snprintf(joined, sizeof joined, "%s.%s", master, app);

	if (len > 0 && (size_t)len < sizeof joined)
		jw_string(json, "proto", joined, (size_t)len);
}

void
eve_ndpi_object(struct eve *eve, const struct observation *o)
{
	const struct classifier *names = eve->options.classifier;
	const struct obs_ndpi *ndpi = &o->ndpi;
	struct json_writer *json = &eve->json;
	const char *master, *app;

	if (names == NULL || !ndpi->known)
		return;
	master = classifier_protocol_name(names, ndpi->master);
	app = classifier_protocol_name(names, ndpi->app);
	jw_object_open(json, "ndpi");
	if (ndpi->master != ndpi->app)
		write_proto(json, master, app);
	else
		jw_text(json, "proto", app);
	jw_text(json, "master", master);
	jw_text(json, "app", app);
	jw_text(json, "category",
	    classifier_category_name(names, ndpi->category));
	write_risks(json, ndpi->risks);
	jw_text(json, "by", by_name(o));
	jw_object_close(json);
}

bool
eve_ndpi_app_proto(struct eve *eve, const struct observation *o)
{
	const struct classifier *names = eve->options.classifier;
	char lower[PROTO_NAME_SIZE];
	const char *name;
	size_t len;

	if (names == NULL || !o->ndpi.known ||
	    o->ndpi.by != CLASSIFIED_BY_CONTENT)
		return false;
	name = classifier_protocol_name(names, o->ndpi.master);
	for (len = 0; name[len] != '\0' && len < sizeof lower; len++)
		lower[len] = (char)(name[len] >= 'A' && name[len] <= 'Z'
					? name[len] | 0x20
					: name[len]);
	jw_string(&eve->json, "app_proto", lower, len);
	return true;
}
