#include "sensor/hello.h"

#include "sensor/tracker_state.h"

static void
add_alpn(struct tracker *t, const struct tls_client_hello *hello,
    struct obs_tls *tls)
{
	uint32_t count = hello->alpn_count;
	struct obs_text *names = observation_add_array(t->builder,
	    sizeof *names, &count, &tls->client_alpn);

	for (uint32_t i = 0; i < count; i++)
		names[i] = observation_add(t->builder, hello->alpn[i]);
}

void
hello_add_client(struct tracker *t, const struct tls_client_hello *hello,
    bool cut, enum ja4_transport transport, struct obs_tls *tls)
{
	struct fingerprint print;

	tls->has_client = true;
	tls->ech = hello->ech;
	tls->client_version = hello->version;
	tls->server_name = observation_add(t->builder, hello->server_name);
	add_alpn(t, hello, tls);
	if (cut)
		return;
	if (ja3_spell(t->fingerprinter, hello, &print)) {
		tls->ja3 = observation_add(t->builder,
		    cur_of(print.hash, JA3_LEN));
		tls->ja3_string = observation_add(t->builder,
		    cur_of(print.string, print.string_len));
	}
	if (ja4_spell(t->fingerprinter, hello, transport, &print))
		tls->ja4 = observation_add(t->builder,
		    cur_of(print.hash, JA4_LEN));
}

void
hello_add_server(struct tracker *t, const struct tls_server_hello *hello,
    struct obs_tls *tls)
{
	struct fingerprint print;

	tls->has_server = true;
	tls->server_version = hello->version;
	tls->cipher = hello->cipher;
	tls->server_alpn = observation_add(t->builder, hello->alpn);
	if (!ja3s_spell(t->fingerprinter, hello, &print))
		return;
	tls->ja3s = observation_add(t->builder, cur_of(print.hash, JA3_LEN));
	tls->ja3s_string = observation_add(t->builder,
	    cur_of(print.string, print.string_len));
}
