#include "output/eve_objects.h"

#include <inttypes.h>
#include <stdio.h>

#define DRAFT_MASK 0xffffff00u
#define DRAFT      0xff000000u /* RFC 9000 section 15: 0xff0000XX */

#define VERSION_1 1u
#define VERSION_2 0x6b3343cfu /* RFC 9369 section 3.1 */

static void
write_version(struct json_writer *json, uint32_t version)
{
	char text[sizeof "draft-255"];

	if (version == VERSION_1)
		snprintf(text, sizeof text, "1");
	else if (version == VERSION_2)
		snprintf(text, sizeof text, "2");
	else if ((version & DRAFT_MASK) == DRAFT)
		snprintf(text, sizeof text, "draft-%u",
		    (unsigned)(version & 0xff));
	else if (version >> 24 == 'Q') /* Google's, before the standard */
		snprintf(text, sizeof text, "Q%c%c%c",
		    (int)(version >> 16 & 0x7f), (int)(version >> 8 & 0x7f),
		    (int)(version & 0x7f));
	else
		snprintf(text, sizeof text, "%08" PRIx32, version);
	jw_text(json, "version", text);
}

/* EVE has ALPN among the hello's extensions: IANA TLS ExtensionType 16. */
static void
write_alpn(struct eve *eve, const struct observation *o)
{
	const struct obs_text *names = obs_elements(o, o->tls.client_alpn);
	struct json_writer *json = &eve->json;

	if (o->tls.client_alpn.count == 0)
		return;
	jw_array_open(json, "extensions");
	jw_object_open(json, NULL);
	jw_text(json, "name", "alpn");
	jw_uint(json, "type", 16);
	jw_array_open(json, "values");
	for (uint32_t i = 0; i < o->tls.client_alpn.count; i++)
		jw_string(json, NULL, obs_octets(o, names[i]), names[i].len);
	jw_array_close(json);
	jw_object_close(json);
	jw_array_close(json);
}

void
eve_quic_object(struct eve *eve, const struct observation *o)
{
	struct json_writer *json = &eve->json;

	jw_object_open(json, "quic");
	write_version(json, o->tls.quic_version);
	eve_obs_text(eve, "sni", o, o->tls.server_name);
	eve_client_fingerprints(eve, o);
	eve_server_fingerprint(eve, o);
	write_alpn(eve, o);
	jw_object_close(json);
}
