#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "decoders/package_path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A purl that was written reads as itself, without the qualifiers. */
static void
check(const struct purl_text *purl)
{
	struct purl_text again;

	if (purl->len > PURL_LEN_MAX || strlen(purl->text) != purl->len ||
	    purl->package_len > purl->len)
		abort();
	if (purl_read(cur_of(purl->text, purl->len), &again) != NULL ||
	    again.len != purl->package_len ||
	    memcmp(again.text, purl->text, again.len) != 0)
		abort();
}

/* A host, a line end, and a path; or else a package URL. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
	struct package_path found;
	struct purl_text purl;
	size_t host_len;

	if (end == NULL) {
		if (purl_read(cur_of(data, size), &purl) == NULL)
			check(&purl);
		return 0;
	}
	host_len = (size_t)(end - data);
	if (package_path_read(cur_of(data, host_len),
		cur_of(end + 1, size - host_len - 1), &found)) {
		check(&found.purl);
		if (purl_version_mark(found.purl.text,
			found.purl.package_len) == 0)
			abort();
	}
	return 0;
}
