#ifndef IOCS_IOC_SET_H
#define IOCS_IOC_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "iocs/indicator.h"

/*
 * An immutable set of indicators, compiled for matching.  Any number of
 * threads may match in it at once; it is replaced as a whole.
 */
struct ioc_set;

/*
 * Each matcher writes up to `max` indicators that match and are in force at
 * `at_us` (capture clock) to `out`, the most specific first, and returns how
 * many.  It allocates nothing.  The indicators live as long as the set.
 *
 * name: presentation form; any case; a final dot is tolerated; U-labels are
 * not expected on the wire (what is matched is octets, folded to lower case).
 * The time taken is bounded by the longest name in the set, whatever `len` is.
 * A host comes before the domain of the same name, a longer domain before a
 * shorter one.
 */
size_t ioc_match_name(const struct ioc_set *set, const char *name, size_t len,
    uint64_t at_us, const struct indicator **out, size_t max);

/* Longer prefixes first; of one prefix, the entry with the port first. */
size_t ioc_match_address(const struct ioc_set *set, const struct addr *addr,
    uint16_t port, uint64_t at_us, const struct indicator **out, size_t max);

/*
 * host without port or brackets (a name or an address as text); path begins
 * with '/', query included.  An indicator's path is a prefix by whole parts:
 * "/a" matches "/a", "/a/b" and "/a?x" and not "/ab"; "/a/" matches what is
 * below it; "/a?x=1" matches "/a?x=1&y=2".  The scheme is not compared.
 */
size_t ioc_match_url(const struct ioc_set *set, const char *host,
    size_t host_len, uint16_t port, const char *path, size_t path_len,
    uint64_t at_us, const struct indicator **out, size_t max);

/* Of "/a?x": an indicator "/a?x", then an indicator "/a". */
size_t ioc_match_path(const struct ioc_set *set, const char *path, size_t len,
    uint64_t at_us, const struct indicator **out, size_t max);
size_t ioc_match_user_agent(const struct ioc_set *set, const char *value,
    size_t len, uint64_t at_us, const struct indicator **out, size_t max);

/* The body's first IOC_BODY_LEN_MAX octets are enough; longer values first. */
#define IOC_BODY_LEN_MAX 256
size_t ioc_match_http_body(const struct ioc_set *set, const char *body,
    size_t len, uint64_t at_us, const struct indicator **out, size_t max);

/*
 * purl: canonical (decoders/purl.h); its qualifiers are not compared.  The
 * version, then the package as a whole.  One look-up, and a second one if
 * anything in the set has no version.
 */
size_t ioc_match_package(const struct ioc_set *set, const char *purl,
    size_t len, uint64_t at_us, const struct indicator **out, size_t max);

/*
 * Values of one fixed shape, in canonical form (iocs/canonical_code.h): JA3,
 * JA3S, JA4, COUNTRY, ASN.
 */
size_t ioc_match_code(const struct ioc_set *set, enum indicator_type type,
    const char *code, size_t len, uint64_t at_us, const struct indicator **out,
    size_t max);

/* Indicators in the set, of one type and in all. */
size_t ioc_set_count(const struct ioc_set *set, enum indicator_type type);
size_t ioc_set_total(const struct ioc_set *set);
size_t ioc_set_octets(const struct ioc_set *set); /* memory held */

/* In no order that means anything; `i` is below ioc_set_total. */
const struct indicator *ioc_set_at(const struct ioc_set *set, size_t i);

void ioc_set_free(struct ioc_set *set);

#endif
