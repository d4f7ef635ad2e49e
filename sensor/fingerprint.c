#include "sensor/fingerprint.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <gcrypt.h>

#include "decoders/gcrypt_ready.h"
#include "sensor/siphash.h"

#define MD5_LEN    16
#define SHA256_LEN 32

/* What JA4 shows of a SHA-256, and where there is nothing to hash. */
#define JA4_PART_LEN  12
#define JA4_NO_PART   "000000000000"
#define JA4_START_LEN 10
#define JA4_COUNT_MAX 99

/* IANA TLS ExtensionType. */
#define EXTENSION_SERVER_NAME 0
#define EXTENSION_ALPN        16

static const char digits[] = "0123456789abcdef";

/*
 * gcry_md_hash_buffer would allocate for each MD5, and end the process where
 * FIPS forbids it.  For SHA-256 it does neither.
 */
/*
 * A network has a few hundred TLS programs, and each says the same again and
 * again: what was hashed lately is remembered, by a hash that costs a fifth and
 * whose key nobody knows.
 */
#define MEMO_COUNT 512 /* a power of two */

struct memo {
	uint64_t of; /* 0: empty */
	char hex[2 * MD5_LEN];
};

struct fingerprinter {
	gcry_md_hd_t md5; /* NULL: not to be had */
	struct siphash_key key;
	struct memo memo[MEMO_COUNT];
};

struct fingerprinter *
fingerprinter_new(void)
{
	struct fingerprinter *f = calloc(1, sizeof *f);
	gcry_error_t error;

	if (f == NULL)
		return NULL;
	gcrypt_ready();
	gcry_create_nonce(&f->key, sizeof f->key);
	error = gcry_md_open(&f->md5, GCRY_MD_MD5, 0);
	if (gcry_err_code(error) == GPG_ERR_ENOMEM) {
		free(f);
		errno = ENOMEM;
		return NULL;
	}
	if (error)
		f->md5 = NULL;
	return f;
}

void
fingerprinter_free(struct fingerprinter *f)
{
	if (f == NULL)
		return;
	gcry_md_close(f->md5); /* NULL is fine */
	free(f);
}

bool
fingerprinter_has_ja3(const struct fingerprinter *f)
{
	return f->md5 != NULL;
}

/* The place of a text's hash, and whether it is there. */
static struct memo *
memo_of(struct fingerprinter *f, const char *text, size_t len, bool *known)
{
	uint64_t hash = siphash(&f->key, text, len);
	struct memo *memo = &f->memo[hash & (MEMO_COUNT - 1)];

	*known = memo->of == hash && hash != 0;
	memo->of = hash;
	return memo;
}

/* One list, GREASE left out. */
struct values {
	uint16_t value[FINGERPRINT_VALUES_MAX];
	size_t count;
	bool more;
};

static void
values_add(struct values *values, uint16_t value)
{
	if (tls_is_grease(value))
		return;
	if (values->count == FINGERPRINT_VALUES_MAX)
		values->more = true;
	else
		values->value[values->count++] = value;
}

static void
values_clear(struct values *values)
{
	values->count = 0;
	values->more = false;
}

static void
values_of_list(struct values *values, struct cursor list)
{
	uint16_t value;

	values_clear(values);
	while (!values->more && cur_u16(&list, &value))
		values_add(values, value);
}

static void
values_of_octets(struct values *values, struct cursor list)
{
	uint8_t value;

	values_clear(values);
	while (!values->more && cur_u8(&list, &value))
		values_add(values, value);
}

static void
values_of_extensions(struct values *values, const struct tls_extensions *list)
{
	values_clear(values);
	for (size_t i = 0; i < list->count; i++)
		values_add(values, list->type[i]);
	values->more |= list->more;
}

static void
values_remove(struct values *values, uint16_t value)
{
	size_t kept = 0;

	for (size_t i = 0; i < values->count; i++)
		if (values->value[i] != value)
			values->value[kept++] = values->value[i];
	values->count = kept;
}

/*
 * Shell's sort: qsort may allocate, and insertion alone takes too long for a
 * list that was sent to make it so.  For the usual dozen or two only the last
 * few steps do anything.
 */
static void
values_sort(struct values *values)
{
	static const size_t steps[] = { 701, 301, 132, 57, 23, 10, 4, 1 };
	uint16_t *v = values->value, moving;
	size_t at, step;

	for (size_t s = 0; s < sizeof steps / sizeof steps[0]; s++) {
		step = steps[s];
		for (size_t i = step; i < values->count; i++) {
			moving = v[i];
			for (at = i; at >= step && v[at - step] > moving;
			     at -= step)
				v[at] = v[at - step];
			v[at] = moving;
		}
	}
}

/* A string under way; what does not fit makes it void. */
struct spelling {
	struct fingerprint *out;
	bool more;
};

static struct spelling
spell_begin(struct fingerprint *out)
{
	out->hash[0] = out->string[0] = '\0';
	out->string_len = 0;
	return (struct spelling){ out, false };
}

static void
spell(struct spelling *s, const char *text, size_t len)
{
	struct fingerprint *out = s->out;

	if (s->more || len >= sizeof out->string - out->string_len) {
		s->more = true;
		return;
	}
	memcpy(out->string + out->string_len, text, len);
	out->string_len += len;
}

static void
spell_char(struct spelling *s, char c)
{
	spell(s, &c, 1);
}

static void
spell_decimal(struct spelling *s, uint16_t value)
{
	char text[sizeof "65535"];
	size_t at = sizeof text;

	do {
		text[--at] = digits[value % 10];
		value /= 10;
	} while (value > 0);
	spell(s, text + at, sizeof text - at);
}

static void
spell_hex(struct spelling *s, uint16_t value)
{
	char text[4] = { digits[value >> 12], digits[value >> 8 & 15],
		digits[value >> 4 & 15], digits[value & 15] };

	spell(s, text, sizeof text);
}

static void
spell_values(struct spelling *s, const struct values *values, char between,
    void (*spell_value)(struct spelling *s, uint16_t value))
{
	s->more |= values->more;
	for (size_t i = 0; i < values->count && !s->more; i++) {
		if (i > 0)
			spell_char(s, between);
		spell_value(s, values->value[i]);
	}
}

static bool
spell_end(struct spelling *s)
{
	if (s->more)
		s->out->string_len = 0;
	s->out->string[s->out->string_len] = '\0';
	return !s->more;
}

static void
hex_write(const uint8_t *octets, size_t len, char *out)
{
	for (size_t i = 0; i < len; i++) {
		*out++ = digits[octets[i] >> 4];
		*out++ = digits[octets[i] & 15];
	}
}

static bool
ja3_end(struct fingerprinter *f, struct spelling *s)
{
	struct fingerprint *out = s->out;
	struct memo *memo;
	bool known;

	if (!spell_end(s))
		return false;
	memo = memo_of(f, out->string, out->string_len, &known);
	if (!known) {
		gcry_md_reset(f->md5);
		gcry_md_write(f->md5, out->string, out->string_len);
		hex_write(gcry_md_read(f->md5, GCRY_MD_MD5), MD5_LEN,
		    memo->hex);
	}
	memcpy(out->hash, memo->hex, JA3_LEN);
	out->hash[JA3_LEN] = '\0';
	return true;
}

static void
ja3_field(struct spelling *s, const struct values *values)
{
	spell_char(s, ',');
	spell_values(s, values, '-', spell_decimal);
}

/* Version, ciphers, extensions, groups, point formats; any may be empty. */
bool
ja3_spell(struct fingerprinter *f, const struct tls_client_hello *hello,
    struct fingerprint *out)
{
	struct spelling s = spell_begin(out);
	struct values values;

	if (f->md5 == NULL || !hello->whole)
		return false;
	spell_decimal(&s, hello->legacy_version);
	values_of_list(&values, hello->ciphers);
	ja3_field(&s, &values);
	values_of_extensions(&values, &hello->extensions);
	ja3_field(&s, &values);
	values_of_list(&values, hello->groups);
	ja3_field(&s, &values);
	values_of_octets(&values, hello->point_formats);
	ja3_field(&s, &values);
	return ja3_end(f, &s);
}

/* Version, cipher, extensions. */
bool
ja3s_spell(struct fingerprinter *f, const struct tls_server_hello *hello,
    struct fingerprint *out)
{
	struct spelling s = spell_begin(out);
	struct values values;

	if (f->md5 == NULL || !hello->whole)
		return false;
	spell_decimal(&s, hello->legacy_version);
	spell_char(&s, ',');
	spell_decimal(&s, hello->cipher);
	values_of_extensions(&values, &hello->extensions);
	ja3_field(&s, &values);
	return ja3_end(f, &s);
}

/*
 * The largest number of supported_versions, not our judgement of which is the
 * newest: a TLS 1.3 draft is larger than TLS 1.3, and unknown.  JA4.md leaves
 * open what a list of nothing but GREASE says: nothing, as others read it.
 */
static uint16_t
ja4_version(const struct tls_client_hello *hello)
{
	struct cursor list = hello->versions;
	uint16_t version, highest = 0;

	while (cur_u16(&list, &version))
		if (!tls_is_grease(version) && version > highest)
			highest = version;
	return highest != 0 ? highest : hello->legacy_version;
}

static void
ja4_spell_version(struct spelling *s, uint16_t version)
{
	static const struct {
		uint16_t version;
		char code[2];
	} codes[] = {
		{ 0x0304, "13" },
		{ 0x0303, "12" },
		{ 0x0302, "11" },
		{ 0x0301, "10" },
		{ 0x0300, "s3" },
		{ 0x0002, "s2" },
		{ 0xfeff, "d1" }, /* DTLS */
		{ 0xfefd, "d2" },
		{ 0xfefc, "d3" },
	};

	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		if (codes[i].version == version) {
			spell(s, codes[i].code, sizeof codes[i].code);
			return;
		}
	spell(s, "00", 2);
}

static void
ja4_spell_count(struct spelling *s, size_t count)
{
	size_t shown = count > JA4_COUNT_MAX ? JA4_COUNT_MAX : count;

	spell_char(s, digits[shown / 10]);
	spell_char(s, digits[shown % 10]);
}

static bool
is_alphanumeric(uint8_t octet)
{
	return (octet >= '0' && octet <= '9') ||
	       (octet >= 'A' && octet <= 'Z') || (octet >= 'a' && octet <= 'z');
}

/* First and last of the first ALPN; of its hex form where that is safer. */
static void
ja4_spell_alpn(struct spelling *s, const struct tls_client_hello *hello)
{
	struct cursor name = hello->alpn[0];
	uint8_t first, last;

	if (hello->alpn_count == 0 || name.left == 0) {
		spell(s, "00", 2);
		return;
	}
	first = name.at[0];
	last = name.at[name.left - 1];
	if (is_alphanumeric(first) && is_alphanumeric(last)) {
		spell_char(s, (char)first);
		spell_char(s, (char)last);
	} else {
		spell_char(s, digits[first >> 4]);
		spell_char(s, digits[last & 15]);
	}
}

static bool
has_extension(const struct tls_extensions *list, uint16_t type)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->type[i] == type)
			return true;
	return false;
}

static void
ja4_hash_part(struct fingerprinter *f, const char *part, size_t len, char *out)
{
	uint8_t digest[SHA256_LEN];
	struct memo *memo;
	bool known;

	if (len == 0) {
		memcpy(out, JA4_NO_PART, JA4_PART_LEN);
		return;
	}
	memo = memo_of(f, part, len, &known);
	if (!known) {
		gcry_md_hash_buffer(GCRY_MD_SHA256, digest, part, len);
		hex_write(digest, JA4_PART_LEN / 2, memo->hex);
	}
	memcpy(out, memo->hex, JA4_PART_LEN);
}

/* JA4_a, which is in clear. */
static void
ja4_spell_start(struct spelling *s, const struct tls_client_hello *hello,
    enum ja4_transport transport, size_t cipher_count, size_t extension_count)
{
	bool named = has_extension(&hello->extensions, EXTENSION_SERVER_NAME);

	spell_char(s, (char)transport);
	ja4_spell_version(s, ja4_version(hello));
	spell_char(s, named ? 'd' : 'i');
	ja4_spell_count(s, cipher_count);
	ja4_spell_count(s, extension_count);
	ja4_spell_alpn(s, hello);
}

/* What JA4_c is the hash of; uses up `extensions`. */
static void
ja4_spell_end(struct spelling *s, const struct tls_client_hello *hello,
    struct values *extensions)
{
	struct values *algorithms = extensions;

	values_remove(extensions, EXTENSION_SERVER_NAME);
	values_remove(extensions, EXTENSION_ALPN);
	values_sort(extensions);
	spell_values(s, extensions, ',', spell_hex);
	values_of_list(algorithms, hello->signature_algorithms);
	if (algorithms->count > 0)
		spell_char(s, '_');
	spell_values(s, algorithms, ',', spell_hex);
}

bool
ja4_spell(struct fingerprinter *f, const struct tls_client_hello *hello,
    enum ja4_transport transport, struct fingerprint *out)
{
	struct spelling s = spell_begin(out);
	struct values ciphers, extensions;
	size_t ciphers_at, ciphers_end;

	if (!hello->whole)
		return false;
	values_of_list(&ciphers, hello->ciphers);
	values_of_extensions(&extensions, &hello->extensions);
	ja4_spell_start(&s, hello, transport, ciphers.count, extensions.count);
	spell_char(&s, '_');
	ciphers_at = out->string_len;
	values_sort(&ciphers);
	spell_values(&s, &ciphers, ',', spell_hex);
	ciphers_end = out->string_len;
	spell_char(&s, '_');
	ja4_spell_end(&s, hello, &extensions);
	if (!spell_end(&s))
		return false;

	memcpy(out->hash, out->string, JA4_START_LEN + 1); /* its '_', too */
	ja4_hash_part(f, out->string + ciphers_at, ciphers_end - ciphers_at,
	    out->hash + JA4_START_LEN + 1);
	out->hash[JA4_LEN - JA4_PART_LEN - 1] = '_';
	ja4_hash_part(f, out->string + ciphers_end + 1,
	    out->string_len - ciphers_end - 1,
	    out->hash + JA4_LEN - JA4_PART_LEN);
	out->hash[JA4_LEN] = '\0';
	return true;
}
