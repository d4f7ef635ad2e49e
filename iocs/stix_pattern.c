#include "iocs/stix_pattern.h"

#include <stdbool.h>
#include <string.h>

#include "iocs/base64.h"
#include "iocs/canonical_address.h"
#include "iocs/ioc_set.h"

/* The longest object path that we know, and some. */
#define PATH_LEN_MAX 127
#define WORD_LEN_MAX 15

enum field_role {
	FIELD_VALUE,    /* alone in its conjunction */
	FIELD_ENDPOINT, /* may be joined with a port */
	FIELD_PORT,
	FIELD_CONTEXT, /* says what the endpoint's value says */
	FIELD_BASE64,
};

#define HTTP_REQUEST "network-traffic:extensions.http-request-ext."

/* Without the quotes of the path's parts, in lower case. */
static const struct field {
	const char *path;
	enum field_role role;
	enum value_kind kind;
} fields[] = {
	{ "domain-name:value", FIELD_VALUE, VALUE_DOMAIN },
	{ "ipv4-addr:value", FIELD_VALUE, VALUE_ADDRESS },
	{ "ipv6-addr:value", FIELD_VALUE, VALUE_ADDRESS },
	{ "url:value", FIELD_VALUE, VALUE_URL },
	{ "autonomous-system:number", FIELD_VALUE, VALUE_ASN },
	/* A name or an address; normalise tells. */
	{ "network-traffic:dst_ref.value", FIELD_ENDPOINT, VALUE_DOMAIN },
	{ "network-traffic:dst_port", FIELD_PORT, VALUE_ANY },
	{ "network-traffic:dst_ref.type", FIELD_CONTEXT, VALUE_ANY },
	{ "network-traffic:protocols[*]", FIELD_CONTEXT, VALUE_ANY },
	{ "network-traffic:protocols[0]", FIELD_CONTEXT, VALUE_ANY },
	{ HTTP_REQUEST "request_value", FIELD_VALUE, VALUE_URI },
	{ HTTP_REQUEST "request_header.user-agent", FIELD_VALUE,
	    VALUE_USER_AGENT },
	{ HTTP_REQUEST "message_body_data_ref.payload_bin", FIELD_BASE64,
	    VALUE_HTTP_BODY },
};

struct parser {
	struct cursor rest;
	void (*each)(void *arg, const struct stix_term *term); /* or NULL */
	void *arg;
	const char *error;
};

/* Comparisons joined by AND. */
struct conjunction {
	size_t count;
	const struct field *field; /* of the value; NULL: none yet */
	bool given;                /* IN: its values were handed on */
	uint16_t port;
	size_t len;
	char value[NORMAL_VALUE_MAX + 1];
};

static int
peek(const struct parser *p)
{
	return p->rest.left > 0 ? p->rest.at[0] : -1;
}

static void
skip(struct parser *p)
{
	p->rest = (struct cursor){ p->rest.at + 1, p->rest.left - 1 };
}

static void
skip_blanks(struct parser *p)
{
	while (peek(p) == ' ' || peek(p) == '\t' || peek(p) == '\n' ||
	       peek(p) == '\r')
		skip(p);
}

static bool
fail(struct parser *p, const char *error)
{
	if (p->error == NULL)
		p->error = error;
	return false;
}

static bool
take(struct parser *p, char octet)
{
	skip_blanks(p);
	if (peek(p) != octet)
		return false;
	skip(p);
	return true;
}

static bool
is_letter(int octet)
{
	return (octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z');
}

/* Keywords are written in capitals (section 9.2). */
static bool
take_word(struct parser *p, const char *word)
{
	struct parser ahead = *p;

	skip_blanks(&ahead);
	for (; *word != '\0'; word++) {
		if (peek(&ahead) != *word)
			return false;
		skip(&ahead);
	}
	if (is_letter(peek(&ahead)))
		return false;
	*p = ahead;
	return true;
}

/* A string's octets without quotes and escapes. */
static bool
take_string(struct parser *p, char *out, size_t max, size_t *len)
{
	*len = 0;
	if (!take(p, '\''))
		return fail(p, "a string in quotes was expected");
	for (;;) {
		if (peek(p) == '\'')
			break;
		if (peek(p) == '\\')
			skip(p);
		if (peek(p) == -1)
			return fail(p, "a string has no end");
		if (*len == max)
			return fail(p, "a string is too long");
		out[(*len)++] = (char)peek(p);
		skip(p);
	}
	skip(p);
	return true;
}

/* A string, b'...', or a number as it is written. */
static bool
take_constant(struct parser *p, char *out, size_t max, size_t *len)
{
	skip_blanks(p);
	if (peek(p) == 'b' && p->rest.left > 1 && p->rest.at[1] == '\'')
		skip(p);
	if (peek(p) < '0' || peek(p) > '9')
		return take_string(p, out, max, len);
	for (*len = 0; peek(p) >= '0' && peek(p) <= '9'; skip(p)) {
		if (*len == max)
			return fail(p, "a number is too long");
		out[(*len)++] = (char)peek(p);
	}
	return true;
}

static const struct field *
take_field(struct parser *p)
{
	char path[PATH_LEN_MAX + 1];
	size_t len = 0;
	int octet;

	skip_blanks(p);
	while ((octet = peek(p)) > ' ' && octet != '=' && octet != '!' &&
	       octet != '<' && octet != '>') {
		if (len == PATH_LEN_MAX)
			break;
		if (octet >= 'A' && octet <= 'Z')
			octet |= 0x20;
		if (octet != '\'')
			path[len++] = (char)octet;
		skip(p);
	}
	path[len] = '\0';
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		if (strcmp(fields[i].path, path) == 0)
			return &fields[i];
	fail(p, "a property that is not matched");
	return NULL;
}

static bool
give(struct parser *p, const struct field *field, const char *value, size_t len,
    uint16_t port)
{
	char octets[IOC_BODY_LEN_MAX];
	struct stix_term term = { field->kind, cur_of(value, len), port };

	if (field->role == FIELD_BASE64) {
		if (!base64_decode(term.value, octets, sizeof octets, &len))
			return fail(p, "not base64, or of too many octets");
		term.value = cur_of(octets, len);
	}
	if (p->each != NULL)
		p->each(p->arg, &term);
	return true;
}

/* "(x, y, ...)" behind IN: each is an alternative. */
static bool
take_list(struct parser *p, struct conjunction *c)
{
	if (!take(p, '('))
		return fail(p, "a list was expected");
	do {
		if (!take_constant(p, c->value, NORMAL_VALUE_MAX, &c->len) ||
		    !give(p, c->field, c->value, c->len, 0))
			return false;
	} while (take(p, ','));
	c->given = true;
	return take(p, ')') || fail(p, "a list has no end");
}

static bool
take_value(struct parser *p, struct conjunction *c, const struct field *field)
{
	if (c->field != NULL)
		return fail(p, "AND of what no single indicator says");
	c->field = field;
	if (take_word(p, "IN"))
		return take_list(p, c);
	if (!take(p, '=') &&
	    !(field->kind == VALUE_ADDRESS && take_word(p, "ISSUBSET")))
		return fail(p, "an operator other than '=' and IN");
	return take_constant(p, c->value, NORMAL_VALUE_MAX, &c->len);
}

/* What is compared beside the value. */
static bool
take_beside(struct parser *p, struct conjunction *c, const struct field *field)
{
	char text[WORD_LEN_MAX];
	size_t len;

	if (!take(p, '='))
		return fail(p, "an operator other than '='");
	if (!take_constant(p, text, sizeof text, &len))
		return false;
	if (field->role == FIELD_PORT && !port_read(text, len, &c->port))
		return fail(p, "the port is no number from 1 to 65535");
	return true;
}

static bool
take_comparison(struct parser *p, struct conjunction *c)
{
	const struct field *field = take_field(p);

	if (field == NULL)
		return false;
	c->count++;
	switch (field->role) {
	case FIELD_VALUE:
	case FIELD_ENDPOINT:
	case FIELD_BASE64:
		return take_value(p, c, field);
	case FIELD_PORT:
	case FIELD_CONTEXT:
		return take_beside(p, c, field);
	}
	return false;
}

static bool
take_conjunction(struct parser *p)
{
	struct conjunction c = { 0 };

	do {
		if (!take_comparison(p, &c))
			return false;
	} while (take_word(p, "AND"));
	if (c.field == NULL)
		return fail(p, "a port or type alone is no indicator");
	if (c.count > 1 && (c.field->role != FIELD_ENDPOINT || c.given))
		return fail(p, "AND of what no single indicator says");
	return c.given || give(p, c.field, c.value, c.len, c.port);
}

static bool
take_observation(struct parser *p)
{
	if (!take(p, '['))
		return fail(p, "'[' was expected");
	do {
		if (!take_conjunction(p))
			return false;
	} while (take_word(p, "OR"));
	return take(p, ']') || fail(p, "']' was expected");
}

static const char *
read_with(struct cursor pattern,
    void (*each)(void *arg, const struct stix_term *term), void *arg)
{
	struct parser p = { pattern, each, arg, NULL };

	do {
		if (!take_observation(&p))
			return p.error;
	} while (take_word(&p, "OR"));
	skip_blanks(&p);
	if (p.rest.left > 0)
		return "AND, FOLLOWEDBY or a qualifier between observations";
	return NULL;
}

const char *
stix_pattern_read(struct cursor pattern,
    void (*each)(void *arg, const struct stix_term *term), void *arg)
{
	const char *reason = read_with(pattern, NULL, NULL);

	return reason != NULL ? reason : read_with(pattern, each, arg);
}
