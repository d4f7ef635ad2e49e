#include "iocs/ioc_set_state.h"

#include <stdlib.h>

#include "decoders/purl.h"

/* Bits of the filter for each key in it. */
#define FILTER_BITS 16

static void
note_ports(struct key_ports *ports, uint16_t port)
{
	if (port == 0)
		ports->any = true;
	else
		ports->one = true;
}

static size_t
label_count(const struct indicator *indicator)
{
	size_t count = 1;

	for (size_t i = 0; i < indicator->value_len; i++)
		count += indicator->value[i] == '.';
	return count;
}

/* What lengths there are: of prefixes, with which ports; of bodies. */
struct lengths {
	struct key_ports v4[129], v6[129];
	bool body[IOC_BODY_LEN_MAX + 1];
};

/* Notes in the set what is worth asking for, now that this is in it. */
static void
survey(struct ioc_set *set, const struct indicator *indicator,
    struct lengths *seen)
{
	enum indicator_type type = (enum indicator_type)indicator->type;
	struct cursor host, path;
	size_t labels;

	set->count_of[type]++;
	if (indicator->value_len > set->value_len_max[type])
		set->value_len_max[type] = indicator->value_len;
	switch (type) {
	case INDICATOR_DOMAIN:
	case INDICATOR_HOST:
		labels = label_count(indicator);
		if (labels > set->labels_max)
			set->labels_max = labels;
		(type == INDICATOR_DOMAIN ? set->domain_depth
					  : set->host_depth)[labels] = true;
		break;
	case INDICATOR_ADDRESS:
		note_ports(&(addr_is_v4(&indicator->addr)
				   ? seen->v4
				   : seen->v6)[indicator->prefix_bits],
		    indicator->port);
		break;
	case INDICATOR_URL:
		note_ports(&set->url_ports, indicator->port);
		key_url_split(indicator->value, indicator->value_len, &host,
		    &path);
		if (path.left > set->url_path_len_max)
			set->url_path_len_max = path.left;
		break;
	case INDICATOR_HTTP_BODY:
		seen->body[indicator->value_len] = true;
		break;
	case INDICATOR_PACKAGE:
		if (purl_version_mark(indicator->value, indicator->value_len) ==
		    0)
			set->has_whole_packages = true;
		break;
	case INDICATOR_PATH:
	case INDICATOR_USER_AGENT:
	case INDICATOR_JA3:
	case INDICATOR_JA3S:
	case INDICATOR_JA4:
	case INDICATOR_COUNTRY:
	case INDICATOR_ASN:
	case INDICATOR_TYPE_COUNT:
		break;
	}
}

static void
list_prefixes(const struct key_ports ports[129], struct ioc_prefixes *out)
{
	for (int bits = 128; bits >= 0; bits--)
		if (ports[bits].any || ports[bits].one)
			out->prefix[out->count++] = (struct ioc_prefix){
				(uint8_t)bits, ports[bits]
			};
}

static void
filter_put(struct ioc_set *set, uint64_t key)
{
	*ioc_filter_word(set, key) |= ioc_filter_bits(key);
}

static int
compile_filter(struct ioc_set *set)
{
	size_t keys = set->count + set->count_of[INDICATOR_URL];
	const struct indicator *indicator;
	struct cursor host, path;

	set->filter_size = 1;
	while (set->filter_size * 64 < keys * FILTER_BITS)
		set->filter_size *= 2;
	set->filter = calloc(set->filter_size, sizeof *set->filter);
	if (set->filter == NULL)
		return -1;
	for (size_t i = 0; i < set->count; i++) {
		indicator = &set->indicators[i];
		filter_put(set, ioc_indicator_key(&set->secret, indicator));
		if (indicator->type != INDICATOR_URL)
			continue;
		key_url_split(indicator->value, indicator->value_len, &host,
		    &path);
		filter_put(set, key_url_host(&set->secret, host));
	}
	return 0;
}

int
ioc_set_compile(struct ioc_set *set)
{
	struct lengths seen = { 0 };
	struct indicator *exact;

	for (size_t i = 0; i < set->count; i++)
		survey(set, &set->indicators[i], &seen);
	list_prefixes(seen.v4, &set->v4);
	list_prefixes(seen.v6, &set->v6);
	for (size_t len = IOC_BODY_LEN_MAX; len > 0; len--)
		if (seen.body[len])
			set->body_lens[set->body_len_count++] = len;
	if (compile_filter(set) == -1)
		return -1;
	exact = realloc(set->indicators,
	    (set->count > 0 ? set->count : 1) * sizeof *exact);
	if (exact != NULL)
		set->indicators = exact;
	return 0;
}
