#include "decoders/json_scan.h"

#include <stdint.h>
#include <string.h>

static bool
peek(struct cursor text, uint8_t *octet)
{
	return cur_u8(&text, octet);
}

static void
skip_space(struct cursor *text)
{
	uint8_t octet;

	while (
	    peek(*text, &octet) &&
	    (octet == ' ' || octet == '\t' || octet == '\n' || octet == '\r') &&
	    cur_skip(text, 1))
		;
}

/* The octet, with white space before it. */
static enum decode
scan_octet(struct cursor *text, uint8_t wanted)
{
	uint8_t octet;

	skip_space(text);
	if (!cur_u8(text, &octet))
		return DECODE_SHORT;
	return octet == wanted ? DECODE_OK : DECODE_MALFORMED;
}

/* RFC 8259 section 7; the window is on a quote. */
static enum decode
scan_string(struct cursor *text, struct cursor *inside)
{
	struct cursor start;
	uint8_t octet;
	size_t len = 0;

	if (!cur_skip(text, 1))
		return DECODE_SHORT;
	start = *text;
	while (cur_u8(text, &octet)) {
		if (octet == '"')
			return cur_take(&start, len, inside) ? DECODE_OK
			                                     : DECODE_MALFORMED;
		if (octet < 0x20)
			return DECODE_MALFORMED;
		len++;
		if (octet == '\\') {
			if (!cur_u8(text, &octet))
				return DECODE_SHORT;
			if (octet < 0x20)
				return DECODE_MALFORMED;
			len++;
		}
	}
	return DECODE_SHORT;
}

/* An octet of a number or of true, false, null. */
static bool
is_scalar(uint8_t octet)
{
	return (octet >= '0' && octet <= '9') ||
	       (octet >= 'a' && octet <= 'z') || octet == '-' || octet == '+' ||
	       octet == '.' || octet == 'E';
}

/* A number or a literal name: where it ends is all that is known of it. */
static enum decode
scan_scalar(struct cursor *text)
{
	uint8_t octet;
	size_t len = 0;

	while (peek(*text, &octet) && is_scalar(octet) && cur_skip(text, 1))
		len++;
	if (text->left == 0)
		return DECODE_SHORT;
	return len > 0 ? DECODE_OK : DECODE_MALFORMED;
}

/* Objects and arrays inside one another; `braces` has a bit for each. */
struct nesting {
	uint64_t braces;
	unsigned depth;
};

static bool
nest(struct nesting *n, uint8_t octet)
{
	bool brace = octet == '{' || octet == '}';

	if (octet == '{' || octet == '[') {
		if (n->depth == JSON_DEPTH_MAX)
			return false;
		n->braces = n->braces << 1 | brace;
		n->depth++;
		return true;
	}
	if (n->depth == 0 || (n->braces & 1) != brace)
		return false;
	n->braces >>= 1;
	n->depth--;
	return true;
}

static enum decode
scan_nested(struct cursor *text)
{
	struct nesting nesting = { 0, 0 };
	struct cursor string;
	enum decode rc = DECODE_OK;
	uint8_t octet;

	do {
		skip_space(text);
		if (!peek(*text, &octet))
			return DECODE_SHORT;
		if (octet == '"') {
			rc = scan_string(text, &string);
		} else if (memchr("{}[]", octet, 4) != NULL) {
			rc = nest(&nesting, octet) && cur_skip(text, 1)
			         ? DECODE_OK
			         : DECODE_MALFORMED;
		} else if (octet == ',' || octet == ':') {
			rc = cur_skip(text, 1) ? DECODE_OK : DECODE_SHORT;
		} else {
			rc = scan_scalar(text);
		}
	} while (rc == DECODE_OK && nesting.depth > 0);
	return rc;
}

static enum decode
scan_value(struct cursor *text, struct cursor *string)
{
	uint8_t octet;

	skip_space(text);
	if (!peek(*text, &octet))
		return DECODE_SHORT;
	if (octet == '"')
		return scan_string(text, string);
	if (octet == '{' || octet == '[')
		return scan_nested(text);
	return scan_scalar(text);
}

/* A member counts as soon as its key is whole. */
static enum decode
scan_member(struct cursor *text, struct json_object *object)
{
	struct json_member spare, *member = &spare;
	struct cursor key;
	enum decode rc;

	if ((rc = scan_string(text, &key)) != DECODE_OK)
		return rc;
	if (object->member_count < JSON_MEMBERS_MAX)
		member = &object->members[object->member_count++];
	else
		object->member_more = true;
	*member = (struct json_member){ .key = key };
	if ((rc = scan_octet(text, ':')) != DECODE_OK)
		return rc;
	return scan_value(text, &member->string);
}

static enum decode
scan_end(struct cursor *text)
{
	skip_space(text);
	return text->left == 0 ? DECODE_OK : DECODE_MALFORMED;
}

enum decode
json_object_scan(struct cursor text, struct json_object *object)
{
	enum decode rc;
	uint8_t octet;

	object->member_count = 0;
	object->member_more = false;
	if ((rc = scan_octet(&text, '{')) != DECODE_OK)
		return rc;
	skip_space(&text);
	if (peek(text, &octet) && octet == '}')
		return cur_skip(&text, 1) ? scan_end(&text) : DECODE_SHORT;
	for (;;) {
		skip_space(&text);
		if (!peek(text, &octet))
			return DECODE_SHORT;
		if (octet != '"')
			return DECODE_MALFORMED;
		if ((rc = scan_member(&text, object)) != DECODE_OK)
			return rc;
		skip_space(&text);
		if (!cur_u8(&text, &octet))
			return DECODE_SHORT;
		if (octet == '}')
			return scan_end(&text);
		if (octet != ',')
			return DECODE_MALFORMED;
	}
}
