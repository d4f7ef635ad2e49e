#include "output/eve_objects.h"

#include <stdio.h>

static void
write_version(struct json_writer *json, uint16_t version)
{
	static const struct {
		uint16_t version;
		const char *name;
	} names[] = {
		{ 0x0304, "TLS 1.3" },
		{ 0x0303, "TLS 1.2" },
		{ 0x0302, "TLS 1.1" },
		{ 0x0301, "TLSv1" }, /* so Suricata spells it */
		{ 0x0300, "SSLv3" },
		{ 0x0002, "SSLv2" },
	};
	char hex[sizeof "0xffff"];

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (names[i].version == version) {
			jw_text(json, "version", names[i].name);
			return;
		}
	}
	snprintf(hex, sizeof hex, "0x%04x", (unsigned)version);
	jw_text(json, "version", hex);
}

static void
write_client(struct eve *eve, const struct observation *o)
{
	const struct obs_text *alpn = obs_elements(o, o->tls.client_alpn);
	struct json_writer *json = &eve->json;

	if (o->tls.client_alpn.count > 0) {
		jw_array_open(json, "client_alpns");
		for (uint32_t i = 0; i < o->tls.client_alpn.count; i++)
			jw_string(json, NULL, obs_octets(o, alpn[i]),
			    alpn[i].len);
		jw_array_close(json);
	}
	jw_object_open(json, "client_handshake");
	write_version(json, o->tls.client_version);
	jw_object_close(json);
}

static void
write_server(struct eve *eve, const struct observation *o)
{
	struct json_writer *json = &eve->json;

	if (o->tls.server_alpn.len > 0) {
		jw_array_open(json, "server_alpns");
		eve_obs_text(eve, NULL, o, o->tls.server_alpn);
		jw_array_close(json);
	}
	jw_object_open(json, "server_handshake");
	write_version(json, o->tls.server_version);
	jw_uint(json, "cipher", o->tls.cipher);
	jw_object_close(json);
}

static void
write_fingerprint(struct eve *eve, const struct observation *o,
    const char *key, struct obs_text hash, struct obs_text string)
{
	if (hash.len == 0)
		return;
	jw_object_open(&eve->json, key);
	eve_obs_text(eve, "hash", o, hash);
	eve_obs_text(eve, "string", o, string);
	jw_object_close(&eve->json);
}

void
eve_client_fingerprints(struct eve *eve, const struct observation *o)
{
	write_fingerprint(eve, o, "ja3", o->tls.ja3, o->tls.ja3_string);
	eve_obs_text(eve, "ja4", o, o->tls.ja4);
}

void
eve_server_fingerprint(struct eve *eve, const struct observation *o)
{
	write_fingerprint(eve, o, "ja3s", o->tls.ja3s, o->tls.ja3s_string);
}

void
eve_tls_object(struct eve *eve, const struct observation *o)
{
	const struct obs_tls *tls = &o->tls;
	struct json_writer *json = &eve->json;

	jw_object_open(json, "tls");
	eve_obs_text(eve, "sni", o, tls->server_name);
	/* What the server chose; the offer is client_handshake's. */
	if (tls->has_server)
		write_version(json, tls->server_version);
	if (tls->tunnel_host.len > 0)
		jw_text(json, "from_proto", eve_tunnel_proto(o));
	eve_client_fingerprints(eve, o);
	eve_server_fingerprint(eve, o);
	if (tls->has_client)
		write_client(eve, o);
	if (tls->has_server)
		write_server(eve, o);
	jw_object_close(json);
}
