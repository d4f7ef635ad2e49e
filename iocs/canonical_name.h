#ifndef IOCS_CANONICAL_NAME_H
#define IOCS_CANONICAL_NAME_H

#include <stddef.h>

/* RFC 1035 section 2.3.4, in presentation form. */
#define NAME_LEN_MAX 253

/*
 * The name in lower-case A-labels without a final dot: UTS #46, nontransitional
 * (RFC 5891).  NULL and *out_len set, or the reason why it is no host name:
 * letters, digits, '-' and '_', two labels or more, the last not a number.
 * `text` is NUL-terminated.
 */
const char *canonical_name(const char *text, char out[NAME_LEN_MAX + 1],
    size_t *out_len);

/* The public suffix list (https://publicsuffix.org), and names like it. */
struct suffixes;

struct suffixes *suffixes_new(void); /* NULL: no memory, or no list */
void suffixes_free(struct suffixes *suffixes);

/*
 * Why "this name and everything below it" would hit more than was meant; NULL
 * where it may be taken.  The name is canonical.
 */
const char *suffixes_refusal(const struct suffixes *suffixes, const char *name);

#endif
