#include "decoders/socks.h"

/* The text of version 4 that a NUL ends; as long as a name may be. */
#define TEXT_MAX 255

/* RFC 1928 section 3, and what IANA gave out after it. */
#define METHOD_ASSIGNED_MAX 0x09
#define METHOD_PRIVATE      0x80
#define METHOD_NONE         0xff
#define METHODS_MAX         16

#define METHOD_OPEN     0x00
#define METHOD_PASSWORD 0x02 /* RFC 1929 */

#define REPLY_MAX 0x08 /* RFC 1928 section 6 */

enum address_type { TYPE_V4 = 1, TYPE_NAME = 3, TYPE_V6 = 4 };

/* An octet of user names and host names: nothing that is not printed. */
static bool
is_text(struct cursor text)
{
	uint8_t octet;

	while (cur_u8(&text, &octet)) {
		if (octet < 0x21 || octet == 0x7f)
			return false;
	}
	return true;
}

/* --- version 4 --- */

/* A text and the NUL behind it. */
static enum decode
read_text(struct cursor *c, struct cursor *out)
{
	const uint8_t *nul = c->left > 0 ? memchr(c->at, 0, c->left) : NULL;
	size_t len = nul != NULL ? (size_t)(nul - c->at) : c->left;
	struct cursor text = { c->at, len };

	if (len > TEXT_MAX || !is_text(text))
		return DECODE_MALFORMED;
	if (nul == NULL || !cur_take(c, len, out) || !cur_skip(c, 1))
		return DECODE_SHORT;
	return DECODE_OK;
}

/*
 *	+----+----+----+----+----+----+----+----+----+----+....+----+
 *	| VN | CD | DSTPORT |      DSTIP        | USERID       |NULL|
 *	+----+----+----+----+----+----+----+----+----+----+....+----+
 *
 * With 4A, DSTIP is 0.0.0.x, x not 0, and a name and a NUL follow.
 */
static enum decode
decode_v4(struct cursor *c, struct socks_request *out)
{
	static const uint8_t zeros[3];
	uint8_t octets[4];
	enum decode rc;

	if (!cur_u8(c, &out->command))
		return DECODE_SHORT;
	if (out->command != SOCKS_CONNECT && out->command != SOCKS_BIND)
		return DECODE_MALFORMED;
	if (!cur_u16(c, &out->port) || !cur_copy(c, octets, sizeof octets))
		return DECODE_SHORT;
	if ((rc = read_text(c, &out->user)) != DECODE_OK)
		return rc;
	out->has_address = memcmp(octets, zeros, sizeof zeros) != 0;
	out->address = addr_v4(octets);
	if (out->has_address)
		return out->port != 0 ? DECODE_OK : DECODE_MALFORMED;
	if (octets[3] == 0)
		return DECODE_MALFORMED;
	rc = read_text(c, &out->name);
	return rc == DECODE_OK && out->name.left == 0 ? DECODE_MALFORMED : rc;
}

/* --- version 5 --- */

/* Section 3: the methods that the client knows, each once. */
static enum decode
read_greeting(struct cursor *c)
{
	struct cursor methods;
	uint8_t count, method, seen[256] = { 0 };

	if (!cur_u8(c, &count))
		return DECODE_SHORT;
	if (count == 0 || count > METHODS_MAX)
		return DECODE_MALFORMED;
	if (!cur_take(c, count, &methods))
		return DECODE_SHORT;
	while (cur_u8(&methods, &method)) {
		if ((method > METHOD_ASSIGNED_MAX && method < METHOD_PRIVATE) ||
		    method == METHOD_NONE || seen[method]++ > 0)
			return DECODE_MALFORMED;
	}
	return DECODE_OK;
}

/* RFC 1929 section 2, behind its version. */
static enum decode
read_password(struct cursor *c)
{
	struct cursor user, password;

	if (!cur_vec8(c, &user) || !cur_vec8(c, &password))
		return DECODE_SHORT;
	return user.left > 0 && password.left > 0 ? DECODE_OK
	                                          : DECODE_MALFORMED;
}

static enum decode
read_address(struct cursor *c, uint8_t type, struct socks_request *out)
{
	uint8_t octets[16];

	switch (type) {
	case TYPE_V4:
		if (!cur_copy(c, octets, 4))
			return DECODE_SHORT;
		out->address = addr_v4(octets);
		break;
	case TYPE_V6:
		if (!cur_copy(c, octets, 16))
			return DECODE_SHORT;
		out->address = addr_v6(octets);
		break;
	case TYPE_NAME:
		if (!cur_vec8(c, &out->name))
			return DECODE_SHORT;
		if (out->name.left == 0 || !is_text(out->name))
			return DECODE_MALFORMED;
		return DECODE_OK;
	default:
		return DECODE_MALFORMED;
	}
	out->has_address = true;
	return DECODE_OK;
}

/*
 * Section 4, behind its version:
 *
 *	+-----+-------+------+----------+----------+
 *	| CMD |  RSV  | ATYP | DST.ADDR | DST.PORT |
 *	+-----+-------+------+----------+----------+
 */
static enum decode
read_request(struct cursor *c, struct socks_request *out)
{
	uint8_t reserved, type;
	enum decode rc;

	if (!cur_u8(c, &out->command))
		return DECODE_SHORT;
	if (out->command < SOCKS_CONNECT || out->command > SOCKS_ASSOCIATE)
		return DECODE_MALFORMED;
	if (!cur_u8(c, &reserved))
		return DECODE_SHORT;
	if (reserved != 0)
		return DECODE_MALFORMED;
	if (!cur_u8(c, &type))
		return DECODE_SHORT;
	if ((rc = read_address(c, type, out)) != DECODE_OK)
		return rc;
	return cur_u16(c, &out->port) ? DECODE_OK : DECODE_SHORT;
}

static enum decode
decode_v5(struct cursor *c, struct socks_request *out)
{
	enum decode rc = read_greeting(c);
	uint8_t version;

	if (rc != DECODE_OK)
		return rc;
	if (!cur_u8(c, &version))
		return DECODE_SHORT;
	if (version == 1) {
		if ((rc = read_password(c)) != DECODE_OK)
			return rc;
		out->authenticated = true;
		if (!cur_u8(c, &version))
			return DECODE_SHORT;
	}
	return version == 5 ? read_request(c, out) : DECODE_UNSUPPORTED;
}

/* --- what the server says --- */

/* Version 4: a zero, 90 (granted) to 93, and the rest of the request again. */
static enum decode
read_reply_v4(struct cursor *c, bool *granted)
{
	uint8_t zero, code;

	if (!cur_u8(c, &zero))
		return DECODE_SHORT;
	if (zero != 0)
		return DECODE_MALFORMED;
	if (!cur_u8(c, &code))
		return DECODE_SHORT;
	if (code < 90 || code > 93)
		return DECODE_MALFORMED;
	*granted = code == 90;
	return cur_skip(c, 6) ? DECODE_OK : DECODE_SHORT;
}

/* RFC 1928 section 3, and RFC 1929's verdict where it asked for a password. */
static enum decode
read_choice(struct cursor *c, bool *granted)
{
	uint8_t version, method, verdict;

	if (!cur_u8(c, &version))
		return DECODE_SHORT;
	if (version != 5)
		return DECODE_MALFORMED;
	if (!cur_u8(c, &method))
		return DECODE_SHORT;
	*granted = method != METHOD_NONE;
	if (method == METHOD_OPEN || method == METHOD_NONE)
		return DECODE_OK;
	if (method != METHOD_PASSWORD)
		return DECODE_MALFORMED;
	if (!cur_u8(c, &version))
		return DECODE_SHORT;
	if (version != 1)
		return DECODE_MALFORMED;
	if (!cur_u8(c, &verdict))
		return DECODE_SHORT;
	*granted = verdict == 0;
	return DECODE_OK;
}

/* RFC 1928 section 6: as the request, with a code in the command's place. */
static enum decode
read_reply_v5(struct cursor *c, bool *granted)
{
	struct socks_request bound = { 0 };
	uint8_t version, code, reserved, type;
	enum decode rc;

	if (!cur_u8(c, &version))
		return DECODE_SHORT;
	if (version != 5)
		return DECODE_MALFORMED;
	if (!cur_u8(c, &code) || !cur_u8(c, &reserved))
		return DECODE_SHORT;
	if (code > REPLY_MAX || reserved != 0)
		return DECODE_MALFORMED;
	*granted = code == 0;
	if (!cur_u8(c, &type))
		return DECODE_SHORT;
	if ((rc = read_address(c, type, &bound)) != DECODE_OK)
		return rc;
	return cur_skip(c, 2) ? DECODE_OK : DECODE_SHORT;
}

enum decode
socks_replies_decode(struct cursor server, uint8_t version, uint8_t command,
    size_t *consumed)
{
	unsigned replies = command == SOCKS_BIND ? 2 : 1;
	struct cursor c = server;
	bool granted = true;
	enum decode rc = DECODE_OK;

	*consumed = 0;
	if (version == 5)
		rc = read_choice(&c, &granted);
	for (; rc == DECODE_OK && granted && replies > 0; replies--)
		rc = version == 5 ? read_reply_v5(&c, &granted)
		                  : read_reply_v4(&c, &granted);
	if (rc == DECODE_OK)
		*consumed = server.left - c.left;
	return rc;
}

/* --- both versions --- */

enum decode
socks_request_decode(struct cursor client, struct socks_request *out,
    size_t *consumed)
{
	struct cursor c = client;
	enum decode rc = DECODE_MALFORMED;

	*out = (struct socks_request){ 0 };
	*consumed = 0;
	if (!cur_u8(&c, &out->version))
		return DECODE_SHORT;
	if (out->version == 4)
		rc = decode_v4(&c, out);
	else if (out->version == 5)
		rc = decode_v5(&c, out);
	if (rc == DECODE_OK)
		*consumed = client.left - c.left;
	return rc;
}
