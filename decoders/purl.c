#include "decoders/purl.h"

#include <string.h>

#include "decoders/python_version.h"

static const char too_long[] = "longer than 512 octets";

enum space_rule {
	SPACE_NONE,
	SPACE_SCOPE, /* '@' and a name, or none */
	SPACE_VENDOR,
	SPACE_GROUP,
};

static bool version_of_gem(struct cursor version);
static bool version_of_maven(struct cursor version);
static bool version_of_deb(struct cursor version);
static bool version_of_pypi(struct cursor version);

/* What a registry takes. */
static const struct rules {
	const char *type;
	enum space_rule space;
	const char *marks; /* in names, besides letters and digits */
	const char *first; /* of those, what a name may begin with */
	size_t name_max;
	bool (*version)(struct cursor version);
} rules[] = {
	/* github.com/rust-lang/crates.io, crate names; here: a letter first */
	[PURL_CARGO] = { "cargo", SPACE_NONE, "_-", "", 64, semver_is_valid },
	/* Debian Policy sections 5.6.1 and 5.6.12 */
	[PURL_DEB] = { "deb", SPACE_VENDOR, "+.-", "", 214, version_of_deb },
	[PURL_GEM] = { "gem", SPACE_NONE, "._-", "_-", 214, version_of_gem },
	/* maven.apache.org, "Guide to naming conventions" */
	[PURL_MAVEN] = { "maven", SPACE_GROUP, "._-", "_", 214,
	    version_of_maven },
	/* docs.npmjs.com, package.json, "name": 214 with the scope */
	[PURL_NPM] = { "npm", SPACE_SCOPE, "._~-", "-~", 214, semver_is_valid },
	[PURL_PYPI] = { "pypi", SPACE_NONE, "._-", "", 214, version_of_pypi },
};

static bool
is_digit(int octet)
{
	return octet >= '0' && octet <= '9';
}

static bool
is_letter(int octet)
{
	octet |= 0x20;
	return octet >= 'a' && octet <= 'z';
}

static bool
is_alnum(int octet)
{
	return is_digit(octet) || is_letter(octet);
}

static uint8_t
lower(uint8_t octet)
{
	return octet >= 'A' && octet <= 'Z' ? octet | 0x20 : octet;
}

static bool
is_one_of(uint8_t octet, const char *marks)
{
	return octet != '\0' && strchr(marks, octet) != NULL;
}

static struct cursor
from(struct cursor c, size_t len)
{
	return len == 0 ? c : (struct cursor){ c.at + len, c.left - len };
}

/* Letters, digits and these marks only. */
static bool
is_made_of(struct cursor text, const char *marks)
{
	for (size_t i = 0; i < text.left; i++)
		if (!is_alnum(text.at[i]) && !is_one_of(text.at[i], marks))
			return false;
	return text.left > 0;
}

/* Identifiers with dots between them, at least one. */
static bool
are_identifiers(struct cursor text)
{
	bool empty = true;

	for (size_t i = 0; i < text.left; i++) {
		if (text.at[i] == '.' && empty)
			return false;
		empty = text.at[i] == '.';
	}
	return !empty && is_made_of(text, ".-");
}

/* A number without zeros in front of it. */
static bool
take_number(struct cursor *text)
{
	size_t len = 0;

	while (len < text->left && is_digit(text->at[len]))
		len++;
	if (len == 0 || (len > 1 && text->at[0] == '0'))
		return false;
	*text = from(*text, len);
	return true;
}

bool
semver_is_valid(struct cursor text)
{
	struct cursor pre;
	const uint8_t *plus;

	for (int i = 0; i < 3; i++) {
		if (i > 0) {
			if (text.left == 0 || text.at[0] != '.')
				return false;
			text = from(text, 1);
		}
		if (!take_number(&text))
			return false;
	}
	if (text.left > 0 && text.at[0] == '-') {
		plus = memchr(text.at, '+', text.left);
		pre = from(text, 1);
		if (plus != NULL)
			pre.left = (size_t)(plus - pre.at);
		if (!are_identifiers(pre))
			return false;
		text = from(text, 1 + pre.left);
	}
	return text.left == 0 ||
	       (text.at[0] == '+' && are_identifiers(from(text, 1)));
}

/* rubygems, Gem::Version: a '-' is never in a file's name. */
static bool
version_of_gem(struct cursor version)
{
	return is_made_of(version, ".") && is_digit(version.at[0]) &&
	       are_identifiers(version);
}

static bool
version_of_maven(struct cursor version)
{
	return is_made_of(version, "._+-");
}

static bool
version_of_deb(struct cursor version)
{
	return is_made_of(version, ".+~:-") && is_digit(version.at[0]);
}

static bool
version_of_pypi(struct cursor version)
{
	char normal[PYTHON_VERSION_LEN_MAX + 1];
	size_t len;

	return python_version_normal(version, normal, &len);
}

static bool
is_name(const struct rules *rule, struct cursor name)
{
	return name.left <= rule->name_max && is_made_of(name, rule->marks) &&
	       (is_alnum(name.at[0]) || is_one_of(name.at[0], rule->first));
}

static const char *
space_refusal(const struct rules *rule, const struct purl *parts)
{
	struct cursor space = parts->space;

	switch (rule->space) {
	case SPACE_NONE:
		return space.left > 0 ? "packages of this type have no "
		                        "namespace"
		                      : NULL;
	case SPACE_SCOPE:
		if (space.left > 0 &&
		    (space.at[0] != '@' || !is_name(rule, from(space, 1)) ||
			space.left + 1 + parts->name.left > rule->name_max))
			return "no scope as npm has them, @scope/name";
		return NULL;
	case SPACE_VENDOR:
		return space.left > 0 && !is_made_of(space, ".-")
		           ? "no vendor such as debian"
		           : NULL;
	case SPACE_GROUP:
		return is_made_of(space, "._-/") ? NULL
		                                 : "no group in front of the "
		                                   "artifact";
	}
	return NULL;
}

static const char *
refusal(const struct rules *rule, const struct purl *parts)
{
	struct cursor name = parts->name;

	if (!is_name(rule, name))
		return "no name that its registry would take";
	if ((parts->type == PURL_PYPI && !is_alnum(name.at[name.left - 1])) ||
	    (parts->type == PURL_CARGO && !is_letter(name.at[0])))
		return "no name that its registry would take";
	if (parts->version.left > 0 && !rule->version(parts->version))
		return "no version that its registry would take";
	return space_refusal(rule, parts);
}

static bool
put(struct purl_text *out, uint8_t octet)
{
	if (out->len == PURL_LEN_MAX)
		return false;
	out->text[out->len++] = (char)octet;
	return true;
}

static bool
put_text(struct purl_text *out, const char *text)
{
	for (; *text != '\0'; text++)
		if (!put(out, (uint8_t)*text))
			return false;
	return true;
}

static bool
put_encoded(struct purl_text *out, struct cursor text)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < text.left; i++) {
		uint8_t octet = text.at[i];

		if (is_alnum(octet) || is_one_of(octet, ".-_~:")) {
			if (!put(out, octet))
				return false;
		} else if (!put(out, '%') ||
			   !put(out, (uint8_t)digits[octet >> 4]) ||
			   !put(out, (uint8_t)digits[octet & 15])) {
			return false;
		}
	}
	return true;
}

/* PEP 503: the next octet of a name; a run of marks is one '-'. */
static bool
take_pypi_octet(struct cursor *name, uint8_t *out)
{
	if (name->left == 0)
		return false;
	*out = lower(name->at[0]);
	*name = from(*name, 1);
	if (!is_one_of(*out, "-_."))
		return true;
	*out = '-';
	while (name->left > 0 && is_one_of(name->at[0], "-_."))
		*name = from(*name, 1);
	return true;
}

bool
pypi_name_equal(struct cursor a, struct cursor b)
{
	uint8_t one, other;

	while (take_pypi_octet(&a, &one))
		if (!take_pypi_octet(&b, &other) || one != other)
			return false;
	return b.left == 0;
}

static bool
put_lower(struct purl_text *out, struct cursor text)
{
	size_t at = out->len;

	if (!put_encoded(out, text))
		return false;
	/* Encoded octets, '+' here, become "%2B" whatever the case. */
	for (; at < out->len; at++)
		if (out->text[at] == '%' && out->len - at > 2)
			at += 2;
		else
			out->text[at] = (char)lower((uint8_t)out->text[at]);
	return true;
}

static bool
put_space(struct purl_text *out, const struct purl *parts)
{
	struct cursor space = parts->space;

	if (space.left == 0)
		return true;
	if (parts->type == PURL_DEB) {
		if (!put_lower(out, space))
			return false;
	} else if (parts->type == PURL_MAVEN) {
		for (size_t i = 0; i < space.left; i++)
			if (!put(out, space.at[i] == '/' ? '.' : space.at[i]))
				return false;
	} else if (!put_encoded(out, space)) {
		return false;
	}
	return put(out, '/');
}

static bool
put_name(struct purl_text *out, const struct purl *parts)
{
	struct cursor name = parts->name;
	uint8_t octet;

	if (parts->type == PURL_DEB)
		return put_lower(out, name);
	if (parts->type != PURL_PYPI)
		return put_encoded(out, name);
	while (take_pypi_octet(&name, &octet))
		if (!put(out, octet))
			return false;
	return true;
}

static bool
put_version(struct purl_text *out, const struct purl *parts)
{
	char normal[PYTHON_VERSION_LEN_MAX + 1];
	struct cursor version = parts->version;
	size_t len;

	if (version.left == 0)
		return true;
	if (parts->type == PURL_PYPI) {
		if (!python_version_normal(version, normal, &len))
			return false;
		version = cur_of(normal, len);
	}
	return put(out, '@') && put_encoded(out, version);
}

static bool
put_qualifiers(struct purl_text *out, const struct purl *parts)
{
	for (size_t i = 0; i < parts->qualifier_count; i++)
		if (!put(out, i == 0 ? '?' : '&') ||
		    !put_text(out, parts->qualifiers[i].key) ||
		    !put(out, '=') ||
		    !put_encoded(out, parts->qualifiers[i].value))
			return false;
	return true;
}

const char *
purl_write(const struct purl *parts, struct purl_text *out)
{
	const struct rules *rule = &rules[parts->type];
	const char *reason = refusal(rule, parts);

	if (reason != NULL)
		return reason;
	out->len = 0;
	if (!put_text(out, "pkg:") || !put_text(out, rule->type) ||
	    !put(out, '/') || !put_space(out, parts) || !put_name(out, parts) ||
	    !put_version(out, parts))
		return too_long;
	out->package_len = out->len;
	if (!put_qualifiers(out, parts))
		return too_long;
	out->text[out->len] = '\0';
	return NULL;
}

bool
purl_is_meant(struct cursor text)
{
	return text.left >= 4 && lower(text.at[0]) == 'p' &&
	       lower(text.at[1]) == 'k' && lower(text.at[2]) == 'g' &&
	       text.at[3] == ':';
}

/* Up to the octet, which goes; all of it where there is none. */
static struct cursor
take_until(struct cursor *text, char octet)
{
	const uint8_t *end = text->left > 0
	                         ? memchr(text->at, octet, text->left)
	                         : NULL;
	struct cursor head = *text;

	if (end == NULL) {
		*text = from(*text, text->left);
		return head;
	}
	head.left = (size_t)(end - text->at);
	*text = from(*text, head.left + 1);
	return head;
}

static bool
find_type(struct cursor word, enum purl_type *type)
{
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
		size_t len = strlen(rules[i].type), same = 0;

		while (same < len && word.left == len &&
		       lower(word.at[same]) == (uint8_t)rules[i].type[same])
			same++;
		if (same == len) {
			*type = (enum purl_type)i;
			return true;
		}
	}
	return false;
}

static int
hex_value(uint8_t octet)
{
	if (is_digit(octet))
		return octet - '0';
	octet = lower(octet);
	return octet >= 'a' && octet <= 'f' ? octet - 'a' + 10 : -1;
}

/* Decoded in `room`, of which it takes as much as it needs. */
static bool
decode(struct cursor text, uint8_t **room, struct cursor *out)
{
	uint8_t *to = *room;

	for (size_t i = 0; i < text.left; i++) {
		uint8_t octet = text.at[i];

		if (octet == '%') {
			if (text.left - i < 3 ||
			    hex_value(text.at[i + 1]) < 0 ||
			    hex_value(text.at[i + 2]) < 0)
				return false;
			octet = (uint8_t)(hex_value(text.at[i + 1]) << 4 |
					  hex_value(text.at[i + 2]));
			i += 2;
		}
		*to++ = octet;
	}
	*out = cur_of(*room, (size_t)(to - *room));
	*room = to;
	return true;
}

/*
 * The last '@' that no scope begins with: many write "pkg:npm/@a/b@1", though
 * the first should be "%40".  `text` ends there; empty where it is none.
 */
static bool
take_version(struct cursor *text, struct cursor *version)
{
	*version = cur_of("", 0);
	for (size_t i = text->left; i > 1; i--) {
		if (text->at[i - 1] != '@' || text->at[i - 2] == '/')
			continue;
		*version = from(*text, i);
		text->left = i - 1;
		return version->left > 0;
	}
	return true;
}

static void
trim_slashes(struct cursor *text)
{
	while (text->left > 0 && text->at[0] == '/')
		*text = from(*text, 1);
	while (text->left > 0 && text->at[text->left - 1] == '/')
		text->left--;
}

const char *
purl_read(struct cursor text, struct purl_text *out)
{
	uint8_t room[PURL_LEN_MAX], *left = room;
	struct cursor rest, space = { NULL, 0 };
	struct purl parts = { 0 };
	size_t name_at;

	if (!purl_is_meant(text))
		return "a package URL begins with \"pkg:\"";
	if (text.left > PURL_LEN_MAX)
		return too_long;
	rest = from(text, 4);
	rest = take_until(&rest, '#');
	rest = take_until(&rest, '?');
	trim_slashes(&rest);
	if (!find_type(take_until(&rest, '/'), &parts.type))
		return "no type of package whose fetches are recognised (npm, "
		       "pypi, cargo, gem, maven, deb)";
	if (!take_version(&rest, &parts.version))
		return "'@' with no version behind it";
	trim_slashes(&rest);
	for (name_at = rest.left; name_at > 0; name_at--)
		if (rest.at[name_at - 1] == '/')
			break;
	if (name_at > 0)
		space = (struct cursor){ rest.at, name_at - 1 };
	if (!decode(space, &left, &parts.space) ||
	    !decode(from(rest, name_at), &left, &parts.name) ||
	    !decode(parts.version, &left, &parts.version))
		return "'%' with no two hexadecimal digits behind it";
	return purl_write(&parts, out);
}

size_t
purl_version_mark(const char *purl, size_t len)
{
	for (size_t i = len; i > 0; i--)
		if (purl[i - 1] == '@')
			return i - 1;
	return 0;
}
