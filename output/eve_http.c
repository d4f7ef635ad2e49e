#include "output/eve_objects.h"

#include <stdio.h>

/* Of a request's body, in an alert that it raised. */
#define BODY_SHOWN_MAX 512

static void
write_protocol(struct json_writer *json, uint8_t minor)
{
	if (minor == 9)
		jw_text(json, "protocol", "HTTP/0.9");
	else
		jw_text(json, "protocol", minor == 0 ? "HTTP/1.0" : "HTTP/1.1");
}

/* As Suricata has it: what is no printable ASCII becomes a point. */
static void
write_body(struct eve *eve, const struct observation *o)
{
	const char *octets = obs_octets(o, o->http.body);
	char text[BODY_SHOWN_MAX];
	size_t len = o->http.body.len;

	if (len > sizeof text)
		len = sizeof text;
	for (size_t i = 0; i < len; i++)
		text[i] = octets[i] >= ' ' && octets[i] < 0x7f ? octets[i]
		                                               : '.';
	jw_string(&eve->json, "http_request_body_printable", text, len);
}

static void
write_request(struct eve *eve, const struct observation *o)
{
	const struct obs_http *http = &o->http;

	eve_obs_text(eve, "hostname", o, http->host);
	if (http->port != 0)
		jw_uint(&eve->json, "http_port", http->port);
	eve_obs_text(eve, "url", o, http->target);
	eve_obs_text(eve, "http_user_agent", o, http->user_agent);
	eve_obs_text(eve, "http_refer", o, http->referer);
	eve_obs_text(eve, "http_method", o, http->method);
}

static bool
is_redirect(uint16_t status)
{
	return status >= 300 && status < 400;
}

static void
write_response(struct eve *eve, const struct observation *o)
{
	const struct obs_http *http = &o->http;

	jw_uint(&eve->json, "status", http->status);
	eve_obs_text(eve, "http_content_type", o, http->response_type);
	if (is_redirect(http->status))
		eve_obs_text(eve, "redirect", o, http->location);
	jw_uint(&eve->json, "length", http->response_body_len);
}

void
eve_http_object(struct eve *eve, const struct observation *o, bool with_body)
{
	const struct obs_http *http = &o->http;

	jw_object_open(&eve->json, "http");
	if (http->has_request)
		write_request(eve, o);
	write_protocol(&eve->json,
	    http->has_request ? http->request_minor : http->response_minor);
	if (http->has_response)
		write_response(eve, o);
	if (with_body && http->body.len > 0)
		write_body(eve, o);
	jw_object_close(&eve->json);
}
