#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sensor/config.h"
#include "sensor/config_keys.h"

#define SECRET "***"

/*
 * The URL without its password, which ends at the last '@' before any
 * parameters: people do not escape the '@' and '/' in theirs.  *copy is the
 * caller's to free.
 */
static const char *
redact_url(const char *url, char **copy)
{
	const char *authority = strstr(url, "://");
	size_t len = strcspn(url, "?");
	const char *at = memrchr(url, '@', len);
	const char *colon;

	*copy = NULL;
	if (authority == NULL || at == NULL)
		return url;
	colon = strchr(authority + 3, ':');
	if (colon == NULL || colon > at)
		return url;
	if (asprintf(copy, "%.*s:" SECRET "%s", (int)(colon - url), url, at) ==
	    -1)
		*copy = NULL;
	return *copy != NULL ? *copy : SECRET;
}

/*
 * One character of UTF-8 at `text`; its length in octets, and its code point.
 * An octet that is no UTF-8 (from the command line) counts as itself.
 */
static size_t
next_character(const char *text, uint32_t *out)
{
	const uint8_t *at = (const uint8_t *)text;
	size_t len = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;

	*out = at[0];
	if (at[0] < 0xc2 || at[0] > 0xf4)
		return 1;
	*out &= 0x7fu >> len;
	for (size_t i = 1; i < len; i++) {
		if ((at[i] & 0xc0) != 0x80) {
			*out = at[0];
			return 1;
		}
		*out = *out << 6 | (at[i] & 0x3f);
	}
	return len;
}

/* Whether YAML takes it as it is between quotes, without folding lines. */
static bool
is_plain_character(uint32_t c)
{
	if (c < 0xa0)
		return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
	return c != 0x2028 && c != 0x2029 && c != 0xfeff && c < 0xfffe &&
	       (c < 0xd800 || c > 0xdfff);
}

/* Between double quotes, YAML 1.2 section 7.3.1. */
static void
print_quoted(FILE *to, const char *text)
{
	uint32_t c;

	fputc('"', to);
	while (*text != '\0') {
		size_t len = next_character(text, &c);

		if (len > 1 ? is_plain_character(c)
			    : c < 0x80 && is_plain_character(c))
			fwrite(text, 1, len, to);
		else if (c == '"' || c == '\\')
			fprintf(to, "\\%c", (char)c);
		else
			fprintf(to, "\\U%08" PRIX32, c);
		text += len;
	}
	fputc('"', to);
}

static void
print_list(FILE *to, const struct text_list *list, bool urls)
{
	const char *comma = "";
	char *copy;

	fputc('[', to);
	for (unsigned i = 0; i < list->count; i++, comma = ", ") {
		fputs(comma, to);
		print_quoted(to,
		    urls ? redact_url(list->text[i], &copy) : list->text[i]);
		if (urls)
			free(copy);
	}
	fputc(']', to);
}

static void
print_text(FILE *to, const char *text, bool secret)
{
	print_quoted(to, secret && *text != '\0' ? SECRET : text);
}

/* Of what config_decimal_parse gave; gives the same when it is parsed again. */
static void
print_decimal(FILE *to, double value)
{
	uint64_t units = (uint64_t)(value * CONFIG_DECIMAL_UNIT + 0.5);
	uint64_t part = units % CONFIG_DECIMAL_UNIT;
	int places = CONFIG_DECIMAL_PLACES_MAX;

	fprintf(to, "%" PRIu64, units / CONFIG_DECIMAL_UNIT);
	if (part == 0)
		return;
	for (; part % 10 == 0; part /= 10)
		places--;
	fprintf(to, ".%0*" PRIu64, places, part);
}

static void
print_roles(FILE *to, const struct config_beacons *beacons)
{
	const char *comma = "";

	fputc('[', to);
	for (unsigned i = 0; i < beacons->role_count; i++) {
		const struct config_beacon_role *item = &beacons->roles[i];

		fprintf(to, "%s{role: ", comma);
		print_quoted(to, item->role);
		fputs(", score: ", to);
		print_decimal(to, item->score);
		fprintf(to, ", count: %" PRIu32 ", span_s: %" PRIu32 "}",
		    item->count, item->span_s);
		comma = ",\n        ";
	}
	fputc(']', to);
}

static void
print_value(FILE *to, const struct config *config, const struct config_key *key)
{
	const void *at = (const char *)config + key->offset;

	switch (key->kind) {
	case KEY_NUMBER:
		fprintf(to, "%" PRIu32, *(const uint32_t *)at);
		break;
	case KEY_FLAG:
		fputs(*(const bool *)at ? "true" : "false", to);
		break;
	case KEY_TEXT:
		print_text(to, *(char *const *)at, key->secret);
		break;
	case KEY_TEXTS:
		print_list(to, at, key->secret);
		break;
	case KEY_ROLES:
		print_roles(to, &config->detection.beacons);
		break;
	case KEY_ITEM:
		break;
	}
}

static void
print_segments(FILE *to, const struct config *config)
{
	if (config->segment_count == 0) {
		fputs("segments: []\n", to);
		return;
	}
	fputs("segments:\n", to);
	for (unsigned i = 0; i < config->segment_count; i++) {
		const struct config_segment *segment = &config->segments[i];
		const char *comma = "";

		fputs("  - name: ", to);
		print_quoted(to, segment->name);
		fputs("\n    role: ", to);
		print_quoted(to, segment->role);
		fputs("\n    networks: ", to);
		print_list(to, &segment->networks, false);
		fputs("\n    vlans: [", to);
		for (unsigned j = 0; j < segment->vlan_count; j++) {
			fprintf(to, "%s%u", comma, segment->vlans[j]);
			comma = ", ";
		}
		fputs("]\n", to);
	}
}

static void
print_egress(FILE *to, const struct config *config)
{
	const char *comma = "";

	fputs("egress: [", to);
	for (unsigned i = 0; i < config->egress_count; i++) {
		fprintf(to, "%s{from: ", comma);
		print_quoted(to, config->egress[i].from);
		fputs(", to: ", to);
		print_quoted(to, config->egress[i].to);
		fputc('}', to);
		comma = ",\n    ";
	}
	fputs("]\n", to);
}

static void
print_texts(FILE *to, const char *key, const struct text_list *list)
{
	fprintf(to, "%s: ", key);
	print_list(to, list, false);
	fputc('\n', to);
}

static void
print_policy(FILE *to, const struct config_policy *policy)
{
	const struct config_policy_allow *allow = &policy->allow;
	const struct config_policy_deny *deny = &policy->deny;

	fputs("  - name: ", to);
	print_quoted(to, policy->name);
	fputc('\n', to);
	print_texts(to, "    roles", &policy->roles);
	print_texts(to, "    segments", &policy->segments);
	fprintf(to, "    mode: %s\n    allow:\n", policy->mode);
	print_texts(to, "      lists", &allow->lists);
	print_texts(to, "      domains", &allow->domains);
	print_texts(to, "      networks", &allow->networks);
	print_texts(to, "      ports", &allow->ports);
	print_texts(to, "      countries", &allow->countries);
	print_texts(to, "      asns", &allow->asns);
	fputs("    deny:\n", to);
	print_texts(to, "      services", &deny->services);
	print_texts(to, "      countries", &deny->countries);
	print_texts(to, "      asns", &deny->asns);
}

static void
print_policies(FILE *to, const struct config *config)
{
	fputs(config->policy_count == 0 ? "policies: []\n" : "policies:\n", to);
	for (unsigned i = 0; i < config->policy_count; i++)
		print_policy(to, &config->policies[i]);
}

/* Prints the sections of `path` that the previous key was not in. */
static void
print_sections(FILE *to, const char *path, const char *previous)
{
	int depth = 0;

	for (const char *part = path;; depth++) {
		size_t len = strcspn(part, ".");
		size_t through = (size_t)(part - path) + len + 1;

		if (part[len] == '\0')
			return;
		if (strncmp(path, previous, through) != 0)
			fprintf(to, "%*s%.*s:\n", depth * 2, "", (int)len,
			    part);
		part += len + 1;
	}
}

static int
indent_of(const char *path)
{
	int indent = 0;

	for (; *path != '\0'; path++)
		indent += *path == '.' ? 2 : 0;
	return indent;
}

void
config_print(FILE *to, const struct config *config)
{
	const char *previous = "";

	for (size_t i = 0; i < config_key_count; i++) {
		const struct config_key *key = &config_keys[i];
		const char *dot = strrchr(key->path, '.');

		if (key->kind == KEY_ITEM)
			continue;
		print_sections(to, key->path, previous);
		fprintf(to, "%*s%s: ", indent_of(key->path), "",
		    dot != NULL ? dot + 1 : key->path);
		print_value(to, config, key);
		fputc('\n', to);
		previous = key->path;
	}
	print_segments(to, config);
	print_policies(to, config);
	print_egress(to, config);
}
