#include "iocs/canonical_code.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define MD5_DIGITS     32
#define JA4_CLEAR      10 /* "t13d1516h2" */
#define JA4_HASH       12
#define JA4_ALPN       8 /* where its two characters are */
#define ASN_DIGITS_MAX 10

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool
is_letter(char c)
{
	return lower(c) >= 'a' && lower(c) <= 'z';
}

static bool
is_hex(char c)
{
	return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f');
}

static bool
copy_hex(const char *from, size_t len, char *out)
{
	for (size_t i = 0; i < len; i++) {
		if (!is_hex(from[i]))
			return false;
		out[i] = lower(from[i]);
	}
	return true;
}

const char *
canonical_md5(struct cursor value, char out[CODE_TEXT_MAX + 1])
{
	out[0] = '\0';
	if (value.left != MD5_DIGITS ||
	    !copy_hex((const char *)value.at, MD5_DIGITS, out))
		return "no MD5: 32 hexadecimal digits";
	out[MD5_DIGITS] = '\0';
	return NULL;
}

/* "13", "s3", "d2", "00" */
static bool
is_version(const char *text)
{
	static const char *const versions[] = { "13", "12", "11", "10", "s3",
		"s2", "d1", "d2", "d3", "00" };

	for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++)
		if (memcmp(versions[i], text, 2) == 0)
			return true;
	return false;
}

/* What is in clear: transport, version, SNI, counts, ALPN. */
static bool
is_ja4_clear(const char *text)
{
	for (size_t i = 4; i < JA4_ALPN; i++)
		if (!is_digit(text[i]))
			return false;
	for (size_t i = JA4_ALPN; i < JA4_CLEAR; i++)
		if (!is_digit(text[i]) && !is_letter(text[i]))
			return false;
	return memchr("tqd", text[0], 3) != NULL && is_version(text + 1) &&
	       (text[3] == 'd' || text[3] == 'i');
}

const char *
canonical_ja4(struct cursor value, char out[CODE_TEXT_MAX + 1])
{
	static const char reason[] = "no JA4, as in t13d1516h2_8daaf6152771_"
				     "b186095e22b6";
	const char *text = (const char *)value.at;
	size_t folded = JA4_ALPN;

	out[0] = '\0';
	if (value.left != CODE_TEXT_MAX)
		return reason;
	if (text[0] >= 'A' && text[0] <= 'Z')
		folded = JA4_CLEAR;
	for (size_t i = 0; i < JA4_CLEAR; i++)
		out[i] = i < folded ? lower(text[i]) : text[i];
	for (size_t i = JA4_CLEAR; i < CODE_TEXT_MAX; i += JA4_HASH + 1) {
		if (text[i] != '_' ||
		    !copy_hex(text + i + 1, JA4_HASH, out + i + 1))
			return reason;
		out[i] = '_';
	}
	out[CODE_TEXT_MAX] = '\0';
	return is_ja4_clear(out) ? NULL : reason;
}

bool
ja4_is_meant(struct cursor value)
{
	char ignored[CODE_TEXT_MAX + 1];

	return canonical_ja4(value, ignored) == NULL;
}

const char *
canonical_country(struct cursor value, char out[CODE_TEXT_MAX + 1])
{
	const char *text = (const char *)value.at;

	out[0] = '\0';
	if (value.left != 2 || !is_letter(text[0]) || !is_letter(text[1]))
		return "no country: two letters (ISO 3166-1)";
	out[0] = (char)(text[0] & ~0x20);
	out[1] = (char)(text[1] & ~0x20);
	out[2] = '\0';
	return NULL;
}

/* Behind "AS"; all that is there, where it has no such beginning. */
static struct cursor
asn_digits(struct cursor value, bool *prefixed)
{
	*prefixed = value.left > 2 && lower((char)value.at[0]) == 'a' &&
	            lower((char)value.at[1]) == 's';
	if (*prefixed)
		value = (struct cursor){ value.at + 2, value.left - 2 };
	return value;
}

static bool
read_asn(struct cursor digits, uint32_t *out)
{
	uint64_t number = 0;

	if (digits.left == 0 || digits.left > ASN_DIGITS_MAX)
		return false;
	for (size_t i = 0; i < digits.left; i++) {
		if (!is_digit((char)digits.at[i]))
			return false;
		number = number * 10 + (uint64_t)(digits.at[i] - '0');
	}
	*out = (uint32_t)number;
	return number > 0 && number <= UINT32_MAX;
}

const char *
canonical_asn(struct cursor value, char out[CODE_TEXT_MAX + 1])
{
	uint32_t number;
	bool prefixed;

	out[0] = '\0';
	if (!read_asn(asn_digits(value, &prefixed), &number))
		return "no number of an autonomous system, from 1 to "
		       "4294967295";
	snprintf(out, CODE_TEXT_MAX + 1, "AS%" PRIu32, number);
	return NULL;
}

bool
asn_is_meant(struct cursor value)
{
	uint32_t number;
	bool prefixed;

	return read_asn(asn_digits(value, &prefixed), &number) && prefixed;
}
