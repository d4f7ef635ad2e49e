#include "sensor/profile_request.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include "decoders/base64_prefix.h"
#include "iocs/profile_pattern.h"

#define HTTP_PORT 80
/* Where a User-Agent says who it is. */
#define AGENT_LOOK_MAX 512
/* Enough of a body to tell text from other octets. */
#define CLEAR_LOOK_MAX 256

/* ---- reading ---- */

static struct cursor
text_of(const struct observation *o, struct obs_text text)
{
	return cur_of(obs_octets(o, text), text.len);
}

static struct cursor
head_of(struct cursor text, size_t len)
{
	struct cursor head;

	if (text.left <= len || !cur_take(&text, len, &head))
		return text;
	return head;
}

/* Up to the first of `octet`. */
static struct cursor
up_to(struct cursor text, uint8_t octet)
{
	const uint8_t *at = text.left > 0 ? memchr(text.at, octet, text.left)
	                                  : NULL;

	return at == NULL ? text : head_of(text, (size_t)(at - text.at));
}

static struct cursor
media_type_of(struct cursor content_type)
{
	struct cursor type = up_to(content_type, ';');

	while (type.left > 0 && (type.at[type.left - 1] == ' ' ||
				    type.at[type.left - 1] == '\t'))
		type.left--;
	return type;
}

/* A line end behind the whole of it is not part of a token. */
static struct cursor
without_line_end(struct cursor body)
{
	if (body.left > 0 && body.at[body.left - 1] == '\n')
		body.left--;
	if (body.left > 0 && body.at[body.left - 1] == '\r')
		body.left--;
	return body;
}

/* Digests and numbers in hexadecimal are letters of base64, too: no token. */
static bool
is_token(struct cursor text)
{
	bool hexadecimal = true;
	uint8_t octet;

	while (cur_u8(&text, &octet)) {
		bool digit = octet >= '0' && octet <= '9';

		if (!digit && !(octet >= 'A' && octet <= 'Z') &&
		    !(octet >= 'a' && octet <= 'z') && octet != '+' &&
		    octet != '/' && octet != '=')
			return false;
		hexadecimal &= digit || (octet >= 'a' && octet <= 'f');
	}
	return !hexadecimal;
}

static void
read_json(struct profile_request *r, size_t decoded_len)
{
	enum decode rc = json_object_scan(cur_of(r->decoded, decoded_len),
	    &r->json);

	/* One that has ended has nothing left to come. */
	r->is_json = r->json.member_count > 0 &&
	             (r->body_whole ? rc == DECODE_OK : rc == DECODE_SHORT);
	r->json_cut = r->is_json && rc == DECODE_SHORT;
	for (size_t i = 0; r->is_json && i < r->json.member_count; i++) {
		const struct json_member *m = &r->json.members[i];

		if (m->key.left == 4 && memcmp(m->key.at, "type", 4) == 0)
			r->json_type = m->string;
	}
}

static void
read_body(struct profile_request *r)
{
	struct cursor token = r->body_whole ? without_line_end(r->body)
	                                    : r->body;
	uint64_t len = r->body_whole ? token.left : r->body_len;
	size_t decoded_len;

	r->is_token = is_token(token);
	/* Of a body in chunks that was cut the length is not known. */
	if (!r->is_token ||
	    (len % 4 != 0 && (r->body_whole || len > token.left)) ||
	    !base64_prefix_decode(token, r->decoded, sizeof r->decoded,
		&decoded_len))
		return;
	r->is_base64 = true;
	if (decoded_len > 0)
		read_json(r, decoded_len);
}

void
profile_request_read(const struct observation *o, struct profile_request *r)
{
	const struct obs_http *http = &o->http;

	r->port = http->port != 0   ? http->port
	          : http->tunnelled ? HTTP_PORT
	                            : o->port[DIR_IN];
	r->method = text_of(o, http->method);
	r->host = text_of(o, http->host);
	r->path = up_to(text_of(o, http->path), '?');
	r->agent = text_of(o, http->user_agent);
	r->media_type = media_type_of(text_of(o, http->content_type));
	r->body = text_of(o, http->body);
	r->body_len = http->request_body_len > r->body.left
	                  ? http->request_body_len
	                  : r->body.left;
	/* As many octets as are ever kept may have had more behind them. */
	r->body_whole = r->body.left == r->body_len && !o->cut &&
	                (http->request_body_len > 0 ||
			    r->body.left < PROFILE_DECODED_MAX / 3 * 4);
	r->is_token = r->is_base64 = r->is_json = r->json_cut = false;
	r->json.member_count = 0;
	r->json_type = cur_of(NULL, 0);
	read_body(r);
}

/* ---- comparing ---- */

static bool
text_is(struct cursor text, const char *value, size_t len)
{
	return text.left == len &&
	       (len == 0 || memcmp(text.at, value, len) == 0);
}

static bool
text_is_nocase(struct cursor text, const char *value, size_t len)
{
	return text.left == len &&
	       (len == 0 ||
		   strncasecmp((const char *)text.at, value, len) == 0);
}

static bool
text_has_nocase(struct cursor text, const char *value, size_t len)
{
	uint8_t first = (uint8_t)value[0] | 0x20;

	for (; text.left >= len && text.left > 0; text.at++, text.left--) {
		/* Most places fail here, and cheaply. */
		if ((text.at[0] | 0x20) == first &&
		    strncasecmp((const char *)text.at, value, len) == 0)
			return true;
	}
	return false;
}

/* An observed host has no port and no brackets: a colon is IPv6's. */
static bool
is_address(struct cursor host)
{
	char text[INET_ADDRSTRLEN] = "";
	struct in_addr addr;

	if (host.left > 0 && memchr(host.at, ':', host.left) != NULL)
		return true;
	return host.left < sizeof text && cur_copy(&host, text, host.left) &&
	       inet_pton(AF_INET, text, &addr) == 1;
}

/* "name=" at the start, or behind an ampersand. */
static bool
has_field(struct cursor form, const char *name, size_t len)
{
	while (form.left > 0) {
		struct cursor field = up_to(form, '&');
		size_t skip = field.left < form.left ? field.left + 1
		                                     : field.left;

		if (field.left > len && field.at[len] == '=' &&
		    memcmp(field.at, name, len) == 0)
			return true;
		if (!cur_skip(&form, skip))
			return false;
	}
	return false;
}

static bool
has_all_fields(const struct profile_feature *f, struct cursor form)
{
	for (uint16_t i = 0; i < f->value_count; i++) {
		if (!has_field(form, f->values[i].text, f->values[i].len))
			return false;
	}
	return true;
}

/* Text that is not one token: someone can read it as it stands. */
static bool
is_clear(const struct profile_request *r)
{
	struct cursor look = head_of(r->body, CLEAR_LOOK_MAX);
	uint8_t octet;

	if (r->body.left == 0 || r->is_token)
		return false;
	while (cur_u8(&look, &octet)) {
		if ((octet < 0x20 && octet != '\t' && octet != '\r' &&
			octet != '\n') ||
		    octet == 0x7f)
			return false;
	}
	return true;
}

/* ---- lists of values ---- */

static bool
any_number(const struct profile_feature *f, uint32_t number)
{
	for (uint16_t i = 0; i < f->value_count; i++) {
		if (f->values[i].number == number)
			return true;
	}
	return false;
}

static bool
any_text(const struct profile_feature *f, struct cursor text,
    bool (*same)(struct cursor text, const char *value, size_t len))
{
	if (text.at == NULL)
		return false;
	for (uint16_t i = 0; i < f->value_count; i++) {
		if (same(text, f->values[i].text, f->values[i].len))
			return true;
	}
	return false;
}

static bool
any_pattern(const struct profile_feature *f, struct cursor text)
{
	for (uint16_t i = 0; i < f->value_count; i++) {
		if (profile_pattern_match(f->values[i].text, text))
			return true;
	}
	return false;
}

static bool
keys_are_among(const struct profile_feature *f, const struct profile_request *r)
{
	if (!r->json_cut || r->json_type.at != NULL || r->json.member_more)
		return false;
	for (size_t i = 0; i < r->json.member_count; i++) {
		if (!any_text(f, r->json.members[i].key, text_is))
			return false;
	}
	return true;
}

/* ---- features ---- */

static bool
feature_matches(const struct profile_feature *f,
    const struct profile_request *r)
{
	switch ((enum profile_test)f->test) {
	case PROFILE_PORT_IN:
		return any_number(f, r->port);
	case PROFILE_PORT_NOT_IN:
		return !any_number(f, r->port);
	case PROFILE_HOST_ADDRESS:
		return is_address(r->host);
	case PROFILE_PATH_LIKE:
		return any_pattern(f, r->path);
	case PROFILE_AGENT_IS:
		return any_text(f, r->agent, text_is);
	case PROFILE_AGENT_HAS:
		return any_text(f, head_of(r->agent, AGENT_LOOK_MAX),
		    text_has_nocase);
	case PROFILE_AGENT_NONE:
		return r->agent.left == 0;
	case PROFILE_CONTENT_IS:
		return any_text(f, r->media_type, text_is_nocase);
	case PROFILE_CONTENT_NONE:
		return r->media_type.left == 0;
	case PROFILE_BODY_JSON_TYPE:
		return any_text(f, r->json_type, text_is);
	case PROFILE_BODY_JSON_KEYS:
		return keys_are_among(f, r);
	case PROFILE_BODY_JSON:
		return r->is_json;
	case PROFILE_BODY_BASE64:
		return r->is_base64 && r->body_len >= f->min;
	case PROFILE_BODY_TOKEN:
		return r->is_token && r->body_len >= f->min;
	case PROFILE_BODY_FIELDS:
		return has_all_fields(f, r->body);
	case PROFILE_BODY_LIKE:
		return r->body_whole &&
		       any_pattern(f, without_line_end(r->body));
	case PROFILE_BODY_CLEAR:
		return is_clear(r);
	case PROFILE_CLAIMED_TYPE:
		return any_text(f, r->json_type, text_is_nocase);
	case PROFILE_CONNECTION_NEW:
		return true; /* profile_features_of_old may take it back */
	case PROFILE_RESPONSE_OCTETS:
	case PROFILE_TEST_COUNT:
		break;
	}
	return false;
}

bool
profile_method_matches(const struct profile *profile,
    const struct profile_request *r)
{
	for (size_t i = 0; profile->methods[i] != NULL; i++) {
		if (text_is(r->method, profile->methods[i],
			strlen(profile->methods[i])))
			return true;
	}
	return false;
}

uint32_t
profile_features_match(const struct profile *profile,
    const struct profile_request *r)
{
	uint32_t found = 0;

	for (uint32_t i = 0; i < profile->feature_count; i++) {
		if (feature_matches(&profile->features[i], r))
			found |= UINT32_C(1) << i;
	}
	return found;
}

uint32_t
profile_features_of_old(const struct profile *profile, uint32_t features)
{
	for (uint32_t i = 0; i < profile->feature_count; i++) {
		if (profile->features[i].test == PROFILE_CONNECTION_NEW)
			features &= ~(UINT32_C(1) << i);
	}
	return features;
}

uint32_t
profile_response_match(const struct profile *profile, uint64_t octets)
{
	uint32_t found = 0;

	for (uint32_t i = 0; i < profile->feature_count; i++) {
		const struct profile_feature *f = &profile->features[i];

		if (f->test == PROFILE_RESPONSE_OCTETS && octets >= f->min &&
		    octets <= f->max)
			found |= UINT32_C(1) << i;
	}
	return found;
}

/* ---- the score ---- */

enum kind {
	KIND_PORT,
	KIND_HOST,
	KIND_PATH,
	KIND_AGENT,
	KIND_CONTENT,
	KIND_BODY,
	KIND_CLAIM,
	KIND_CONNECTION,
	KIND_RESPONSE,
	KIND_COUNT
};

static enum kind
kind_of(enum profile_test test)
{
	switch (test) {
	case PROFILE_PORT_IN:
	case PROFILE_PORT_NOT_IN:
		return KIND_PORT;
	case PROFILE_HOST_ADDRESS:
		return KIND_HOST;
	case PROFILE_PATH_LIKE:
		return KIND_PATH;
	case PROFILE_AGENT_IS:
	case PROFILE_AGENT_HAS:
	case PROFILE_AGENT_NONE:
		return KIND_AGENT;
	case PROFILE_CONTENT_IS:
	case PROFILE_CONTENT_NONE:
		return KIND_CONTENT;
	case PROFILE_BODY_JSON_TYPE:
	case PROFILE_BODY_JSON_KEYS:
	case PROFILE_BODY_JSON:
	case PROFILE_BODY_BASE64:
	case PROFILE_BODY_TOKEN:
	case PROFILE_BODY_FIELDS:
	case PROFILE_BODY_LIKE:
	case PROFILE_BODY_CLEAR:
		return KIND_BODY;
	case PROFILE_CLAIMED_TYPE:
		return KIND_CLAIM;
	case PROFILE_CONNECTION_NEW:
		return KIND_CONNECTION;
	case PROFILE_RESPONSE_OCTETS:
	case PROFILE_TEST_COUNT:
		break;
	}
	return KIND_RESPONSE;
}

int
profile_score(const struct profile *profile, uint32_t features)
{
	int best[KIND_COUNT] = { 0 }, worst[KIND_COUNT] = { 0 }, score = 0;

	for (uint32_t i = 0; i < profile->feature_count; i++) {
		const struct profile_feature *f = &profile->features[i];
		enum kind kind = kind_of(f->test);

		if ((features & UINT32_C(1) << i) == 0)
			continue;
		if (f->weight > best[kind])
			best[kind] = f->weight;
		if (f->weight < worst[kind])
			worst[kind] = f->weight;
	}
	for (int i = 0; i < KIND_COUNT; i++)
		score += best[i] + worst[i];
	return score;
}
