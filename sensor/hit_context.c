#include "sensor/hit_context.h"

#include <string.h>

#include "sensor/segments.h"

static enum direction
destination_of(const struct hit *hit)
{
	return hit->source == DIR_OUT ? DIR_IN : DIR_OUT;
}

/* The end whose place is worth knowing: mostly the destination. */
static enum direction
far_end(const struct hit *hit)
{
	const uint16_t *segment = hit->observation->segment;
	enum direction destination = destination_of(hit);

	return segment_is_internal(segment[destination]) &&
	               !segment_is_internal(segment[hit->source])
	           ? hit->source
	           : destination;
}

/* When the destination was contacted: by the flow, or by the latest one. */
static uint64_t
contact_us(const struct hit *hit)
{
	return hit->update ? hit->last_us : hit->observation->flow_first_us;
}

static void
fill_dns(const struct dns_memory *dns, const struct hit *hit,
    struct hit_context *out)
{
	const struct observation *o = hit->observation;
	struct dns_memory_answer answer;
	uint64_t now_us = contact_us(hit);

	if (!dns_memory_find(dns, &o->addr[hit->source],
		&o->addr[destination_of(hit)], now_us, &answer))
		return;
	memcpy(out->dns_name, answer.name, answer.len);
	out->dns_name[answer.len] = '\0';
	out->dns_us = answer.learnt_us;
	out->dns_age_us = now_us > answer.learnt_us ? now_us - answer.learnt_us
	                                            : 0;
}

static void
fill_fingerprint(const struct fingerprint_memory *fingerprints,
    const struct hit *hit, struct hit_context *out)
{
	struct fingerprint_seen seen;

	if (!fingerprint_memory_find(fingerprints, hit->observation->flow_id,
		&seen))
		return;
	memcpy(out->ja3, seen.ja3, sizeof out->ja3);
	memcpy(out->ja4, seen.ja4, sizeof out->ja4);
	out->fingerprint_first_us = seen.first_us;
	out->fingerprint_new = seen.is_new;
}

/* The name that the flow itself goes to, or that a proxy was asked for. */
static struct obs_text
own_name(const struct observation *o)
{
	switch ((enum obs_kind)o->kind) {
	case OBS_HTTP_REQUEST:
	case OBS_HTTP:
		return o->http.host;
	case OBS_TLS_HELLO:
	case OBS_TLS:
	case OBS_QUIC:
	case OBS_QUIC_HANDSHAKE:
		return o->tls.server_name.len > 0 ? o->tls.server_name
		                                  : o->tls.tunnel_host;
	case OBS_PROXY:
		return o->proxy.host;
	case OBS_FLOW_START:
	case OBS_FLOW_APP:
	case OBS_FLOW_BURST:
	case OBS_FLOW_END:
	case OBS_DNS:
	case OBS_HOST:
		break;
	}
	return (struct obs_text){ 0 };
}

/* In lower case, without a final dot; its length, 0 where it is too long. */
static size_t
fold_name(const char *name, size_t len, char out[HOST_NAME_MAX_LEN + 1])
{
	if (len > 0 && name[len - 1] == '.')
		len--;
	if (len > HOST_NAME_MAX_LEN)
		len = 0;
	for (size_t i = 0; i < len; i++)
		out[i] = (char)(name[i] >= 'A' && name[i] <= 'Z'
				    ? name[i] | 0x20
				    : name[i]);
	out[len] = '\0';
	return len;
}

static void
fill_service(const struct services *services, const struct hit *hit,
    struct hit_context *out)
{
	const struct observation *o = hit->observation;
	struct obs_text own = own_name(o);
	char name[HOST_NAME_MAX_LEN + 1];
	size_t len;

	if (segment_is_internal(o->segment[DIR_IN]))
		return;
	len = own.len > 0
	          ? fold_name(obs_octets(o, own), own.len, name)
	          : fold_name(out->dns_name, strlen(out->dns_name), name);
	out->service = service_name(services_find(services, name, len,
					&o->addr[DIR_IN], o->port[DIR_IN]) |
				    services_spoken(o, name, len));
}

void
hit_context_fill(const struct hit_context_sources *sources,
    const struct hit *hit, struct hit_context *out)
{
	const struct observation *o = hit->observation;
	const char *name = NULL;

	memset(out, 0, sizeof *out);
	(void)geo_find(sources->geo, &o->addr[far_end(hit)], &out->place);
	if (sources->hosts != NULL)
		name = host_names_find(sources->hosts, &o->addr[hit->source]);
	if (name != NULL)
		strcpy(out->src_host, name);
	if (sources->dns != NULL)
		fill_dns(sources->dns, hit, out);
	if (sources->fingerprints != NULL)
		fill_fingerprint(sources->fingerprints, hit, out);
	fill_service(sources->services, hit, out);
}
