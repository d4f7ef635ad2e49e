#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "decoders/cursor.h"
#include "decoders/decode.h"
#include "decoders/tls.h"

/* ClientHello and ServerHello, RFC 8446 sections 4.1.2 and 4.1.3. */

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define RANDOM_LEN         32
#define SESSION_ID_LEN_MAX 32
#define VERSION_MAJOR      3
#define VERSION_TLS13      0x0304

/* ServerHello.random of a HelloRetryRequest: SHA-256("HelloRetryRequest"). */
static const uint8_t retry_random[RANDOM_LEN] = { 0xcf, 0x21, 0xad, 0x74, 0xe5,
	0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2,
	0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8,
	0xa8, 0x33, 0x9c };

/* ServerNameList, RFC 6066 section 3. */
static enum decode
decode_server_name(struct cursor ext, struct tls_client_hello *hello)
{
	struct cursor names, name, host = { 0 };
	uint8_t type;

	if (!cur_vec16(&ext, &names) || names.left == 0 || ext.left != 0)
		return DECODE_MALFORMED;
	while (names.left > 0) {
		/* Types to come have a length of 16 bits as well. */
		if (!cur_u8(&names, &type) || !cur_vec16(&names, &name))
			return DECODE_MALFORMED;
		if (type != 0)
			continue;
		if (name.left == 0)
			return DECODE_MALFORMED;
		if (host.at == NULL)
			host = name;
	}
	hello->server_name = host;
	return DECODE_OK;
}

/* A list of 16-bit values that is all of an extension. */
static enum decode
decode_u16_list(struct cursor ext, struct cursor *out)
{
	struct cursor list;

	if (!cur_vec16(&ext, &list) || list.left == 0 || list.left % 2 != 0 ||
	    ext.left != 0)
		return DECODE_MALFORMED;
	*out = list;
	return DECODE_OK;
}

/* supported_groups, RFC 8446 section 4.2.7. */
static enum decode
decode_groups(struct cursor ext, struct tls_client_hello *hello)
{
	return decode_u16_list(ext, &hello->groups);
}

/* RFC 8446 section 4.2.3. */
static enum decode
decode_signature_algorithms(struct cursor ext, struct tls_client_hello *hello)
{
	return decode_u16_list(ext, &hello->signature_algorithms);
}

/* ec_point_formats, RFC 8422 section 5.1.2. */
static enum decode
decode_point_formats(struct cursor ext, struct tls_client_hello *hello)
{
	struct cursor list;

	if (!cur_vec8(&ext, &list) || list.left == 0 || ext.left != 0)
		return DECODE_MALFORMED;
	hello->point_formats = list;
	return DECODE_OK;
}

/* ProtocolNameList, RFC 7301 section 3.1. */
static enum decode
decode_alpn(struct cursor ext, struct tls_client_hello *hello)
{
	struct cursor names, name, rest;

	if (!cur_vec16(&ext, &names) || names.left == 0 || ext.left != 0)
		return DECODE_MALFORMED;
	for (rest = names; rest.left > 0;)
		if (!cur_vec8(&rest, &name) || name.left == 0)
			return DECODE_MALFORMED;
	while (cur_vec8(&names, &name)) {
		if (hello->alpn_count == TLS_ALPN_MAX) {
			hello->alpn_more = true;
			break;
		}
		hello->alpn[hello->alpn_count++] = name;
	}
	return DECODE_OK;
}

/* Drafts were 0x7f00 and up, and are less than what became of them. */
static uint16_t
version_rank(uint16_t version)
{
	return version == VERSION_TLS13 ? UINT16_MAX : version;
}

/* RFC 8446 section 4.2.1. */
static enum decode
decode_versions(struct cursor ext, struct tls_client_hello *hello)
{
	struct cursor list, rest;
	uint16_t version, highest = 0;

	if (!cur_vec8(&ext, &list) || list.left == 0 || list.left % 2 != 0 ||
	    ext.left != 0)
		return DECODE_MALFORMED;
	for (rest = list; cur_u16(&rest, &version);)
		if (!tls_is_grease(version) &&
		    version_rank(version) > version_rank(highest))
			highest = version;
	hello->versions = list;
	if (highest != 0)
		hello->version = highest;
	return DECODE_OK;
}

/* encrypted_client_hello, RFC 9849 section 5. */
static enum decode
decode_ech(struct cursor ext, struct tls_client_hello *hello)
{
	struct cursor enc, payload;
	uint8_t type;

	if (!cur_u8(&ext, &type))
		return DECODE_MALFORMED;
	if (type != 0) /* inner: only where this is what was encrypted */
		return DECODE_OK;
	/* Two cipher numbers and the configuration's. */
	if (!cur_skip(&ext, 5) || !cur_vec16(&ext, &enc) ||
	    !cur_vec16(&ext, &payload) || payload.left == 0 || ext.left != 0)
		return DECODE_MALFORMED;
	hello->ech = true;
	return DECODE_OK;
}

/* The one protocol that a server selects, RFC 7301 section 3.1. */
static enum decode
decode_selected_alpn(struct cursor ext, struct tls_server_hello *hello)
{
	struct cursor names, name;

	if (!cur_vec16(&ext, &names) || ext.left != 0 ||
	    !cur_vec8(&names, &name) || name.left == 0 || names.left != 0)
		return DECODE_MALFORMED;
	hello->alpn = name;
	return DECODE_OK;
}

/* RFC 8446 section 4.2.1. */
static enum decode
decode_selected_version(struct cursor ext, struct tls_server_hello *hello)
{
	uint16_t version;

	if (!cur_u16(&ext, &version) || ext.left != 0)
		return DECODE_MALFORMED;
	hello->version = version;
	return DECODE_OK;
}

/* By IANA TLS ExtensionType. */
static const struct {
	uint16_t type;
	enum decode (
	    *decode)(struct cursor ext, struct tls_client_hello *hello);
} client_extensions[] = {
	{ 0, decode_server_name },
	{ 10, decode_groups },
	{ 11, decode_point_formats },
	{ 13, decode_signature_algorithms },
	{ 16, decode_alpn },
	{ 43, decode_versions },
	{ 0xfe0d, decode_ech },
};

static const struct {
	uint16_t type;
	enum decode (
	    *decode)(struct cursor ext, struct tls_server_hello *hello);
} server_extensions[] = {
	{ 16, decode_selected_alpn },
	{ 43, decode_selected_version },
};

_Static_assert(COUNT(client_extensions) <= 16 && COUNT(server_extensions) <= 16,
    "tls_extensions.read has a bit for each");

/* Whether the extension of this row comes for the first time. */
static bool
read_first(struct tls_extensions *list, size_t row)
{
	uint16_t bit = (uint16_t)(1 << row);

	if ((list->read & bit) != 0) {
		list->repeated = true;
		return false;
	}
	list->read |= bit;
	return true;
}

static enum decode
decode_client_extension(uint16_t type, struct cursor ext, void *out)
{
	struct tls_client_hello *hello = out;
	size_t i;

	for (i = 0; i < COUNT(client_extensions); i++)
		if (client_extensions[i].type == type &&
		    read_first(&hello->extensions, i))
			return client_extensions[i].decode(ext, hello);
	return DECODE_OK;
}

static enum decode
decode_server_extension(uint16_t type, struct cursor ext, void *out)
{
	struct tls_server_hello *hello = out;
	size_t i;

	for (i = 0; i < COUNT(server_extensions); i++)
		if (server_extensions[i].type == type &&
		    read_first(&hello->extensions, i))
			return server_extensions[i].decode(ext, hello);
	return DECODE_OK;
}

static void
extension_add(struct tls_extensions *list, uint16_t type)
{
	if (list->count == TLS_EXTENSIONS_MAX)
		list->more = true;
	else
		list->type[list->count++] = type;
}

/*
 * The block of extensions that ends either hello.  One that is not all there
 * is read as far as it goes, and a fault in one extension hides no other.
 * *whole: every extension was stepped over, and nothing else is there.
 */
static enum decode
decode_extensions(struct cursor body, struct tls_extensions *list, bool *whole,
    enum decode (*decode)(uint16_t type, struct cursor ext, void *hello),
    void *hello)
{
	struct cursor block, ext;
	bool cut = false, faulty = false;
	uint16_t len, type;

	if (!cur_u16(&body, &len))
		return DECODE_SHORT;
	if (!cur_take(&body, len, &block)) {
		block = body;
		cut = true;
	} else if (body.left != 0)
		return DECODE_MALFORMED;
	while (block.left > 0) {
		if (!cur_u16(&block, &type) || !cur_vec16(&block, &ext))
			return cut && !faulty ? DECODE_SHORT : DECODE_MALFORMED;
		extension_add(list, type);
		if (decode(type, ext, hello) != DECODE_OK)
			faulty = true;
	}
	*whole = !cut;
	if (faulty)
		return DECODE_MALFORMED;
	return cut ? DECODE_SHORT : DECODE_OK;
}

/* How both hellos begin. */
static enum decode
decode_start(struct cursor *body, uint16_t *version, struct cursor *random,
    struct cursor *session_id)
{
	if (!cur_u16(body, version))
		return DECODE_SHORT;
	if (*version >> 8 != VERSION_MAJOR)
		return DECODE_UNSUPPORTED;
	if (!cur_take(body, RANDOM_LEN, random) || !cur_vec8(body, session_id))
		return DECODE_SHORT;
	return session_id->left <= SESSION_ID_LEN_MAX ? DECODE_OK
	                                              : DECODE_MALFORMED;
}

enum decode
tls_client_hello_decode(struct cursor body, struct tls_client_hello *out)
{
	enum decode rc;

	*out = (struct tls_client_hello){ 0 };
	rc = decode_start(&body, &out->legacy_version, &out->random,
	    &out->session_id);
	out->version = out->legacy_version;
	if (rc != DECODE_OK)
		return rc;
	if (!cur_vec16(&body, &out->ciphers))
		return DECODE_SHORT;
	if (out->ciphers.left == 0 || out->ciphers.left % 2 != 0)
		return DECODE_MALFORMED;
	if (!cur_vec8(&body, &out->compressions))
		return DECODE_SHORT;
	if (out->compressions.left == 0)
		return DECODE_MALFORMED;
	out->whole = body.left == 0;
	if (out->whole)
		return DECODE_OK;
	out->has_extensions = true;
	return decode_extensions(body, &out->extensions, &out->whole,
	    decode_client_extension, out);
}

enum decode
tls_server_hello_decode(struct cursor body, struct tls_server_hello *out)
{
	enum decode rc;

	*out = (struct tls_server_hello){ 0 };
	rc = decode_start(&body, &out->legacy_version, &out->random,
	    &out->session_id);
	out->version = out->legacy_version;
	if (rc != DECODE_OK)
		return rc;
	out->hello_retry_request = memcmp(out->random.at, retry_random,
				       RANDOM_LEN) == 0;
	if (!cur_u16(&body, &out->cipher) || !cur_u8(&body, &out->compression))
		return DECODE_SHORT;
	out->whole = body.left == 0;
	if (out->whole)
		return DECODE_OK;
	out->has_extensions = true;
	return decode_extensions(body, &out->extensions, &out->whole,
	    decode_server_extension, out);
}
