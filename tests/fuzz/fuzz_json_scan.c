#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "decoders/base64_prefix.h"
#include "decoders/json_scan.h"

/*
 * The input is a JSON text, and again base64.  Besides the sanitizers'
 * findings, this looks for windows that leave the text, and for a prefix that
 * shows what the whole does not.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static void
require_inside(struct cursor window, struct cursor whole)
{
	if (window.at == NULL) {
		require(window.left == 0);
		return;
	}
	require(window.at >= whole.at &&
		window.left <= (size_t)(whole.at + whole.left - window.at));
}

static void
require_same(struct cursor a, struct cursor b)
{
	require(a.at == b.at && a.left == b.left);
}

static void
check_json(struct cursor text)
{
	struct json_object whole, part;
	struct cursor prefix = text;
	enum decode rc = json_object_scan(text, &whole);

	require(whole.member_count <= JSON_MEMBERS_MAX);
	for (size_t i = 0; i < whole.member_count; i++) {
		require_inside(whole.members[i].key, text);
		require_inside(whole.members[i].string, text);
	}
	if (text.left == 0)
		return;
	prefix.left -= 1 + text.at[0] % text.left;
	if (json_object_scan(prefix, &part) == DECODE_MALFORMED)
		require(rc == DECODE_MALFORMED);
	require(part.member_count <= whole.member_count);
	for (size_t i = 0; i < part.member_count; i++) {
		require_same(part.members[i].key, whole.members[i].key);
		if (part.members[i].string.at != NULL)
			require_same(part.members[i].string,
			    whole.members[i].string);
	}
}

static void
check_base64(struct cursor text)
{
	static uint8_t out[1024], again[1024];
	struct cursor prefix = text;
	size_t max = text.left % sizeof out, len, part;

	if (!base64_prefix_decode(text, out, max, &len)) {
		require(len == 0);
		return;
	}
	require(len <= max && len <= text.left / 4 * 3);
	prefix.left /= 2;
	require(base64_prefix_decode(prefix, again, max, &part));
	require(part <= len && memcmp(out, again, part) == 0);
	check_json(cur_of(out, len));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_json(cur_of(data, size));
	check_base64(cur_of(data, size));
	return 0;
}
