#ifndef TESTS_UNIT_QUIC_SEAL_H
#define TESTS_UNIT_QUIC_SEAL_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <gcrypt.h>

#include "decoders/cursor.h"
#include "decoders/quic_crypto.h"
#include "decoders/quic_version.h"

/*
 * Makes Initials out of payloads, the way that RFC 9001 section 5 says; for
 * tests.  That it makes the RFCs' own packets is tested in test_quic.c.
 */

#define SEAL_TAG_LEN 16
#define SEAL_MAX     4096

struct seal {
	uint32_t version;
	struct cursor key_dcid; /* what the keys are from */
	enum quic_end from;
	struct cursor dcid, scid, token;
	uint64_t number;
	size_t number_len; /* 1 to 4 */
	uint8_t reserved;  /* put into the two bits that ought to be 0 */
};

/* A packet that is being put together. */
struct sealed {
	uint8_t octets[SEAL_MAX];
	size_t len;
};

static inline void
seal_put(struct sealed *s, const void *octets, size_t len)
{
	if (len > sizeof s->octets - s->len)
		len = sizeof s->octets - s->len;
	if (len > 0)
		memcpy(s->octets + s->len, octets, len);
	s->len += len;
}

static inline void
seal_number(struct sealed *s, uint64_t number, size_t octets)
{
	uint8_t octet;

	while (octets-- > 0) {
		octet = (uint8_t)(number >> 8 * octets);
		seal_put(s, &octet, 1);
	}
}

/* The packet number's mask, RFC 9001 section 5.4. */
static inline void
seal_header(const struct quic_keys *keys, struct sealed *s, size_t number_at,
    size_t number_len)
{
	gcry_cipher_hd_t ecb;
	uint8_t mask[16];

	gcry_cipher_open(&ecb, GCRY_CIPHER_AES128, GCRY_CIPHER_MODE_ECB, 0);
	gcry_cipher_setkey(ecb, keys->hp, sizeof keys->hp);
	gcry_cipher_encrypt(ecb, mask, sizeof mask, s->octets + number_at + 4,
	    sizeof mask);
	gcry_cipher_close(ecb);
	s->octets[0] ^= mask[0] & 0x0f;
	for (size_t i = 0; i < number_len; i++)
		s->octets[number_at + i] ^= mask[1 + i];
}

/* The payload behind s->len, and its tag, RFC 9001 section 5.3. */
static inline void
seal_payload(const struct quic_keys *keys, uint64_t number, struct sealed *s,
    size_t payload_len)
{
	gcry_cipher_hd_t gcm;
	uint8_t nonce[12];

	memcpy(nonce, keys->iv, sizeof nonce);
	for (size_t i = 0; i < 8; i++)
		nonce[11 - i] ^= (uint8_t)(number >> 8 * i);
	gcry_cipher_open(&gcm, GCRY_CIPHER_AES128, GCRY_CIPHER_MODE_GCM, 0);
	gcry_cipher_setkey(gcm, keys->key, sizeof keys->key);
	gcry_cipher_setiv(gcm, nonce, sizeof nonce);
	gcry_cipher_authenticate(gcm, s->octets, s->len);
	gcry_cipher_encrypt(gcm, s->octets + s->len, payload_len, NULL, 0);
	s->len += payload_len;
	gcry_cipher_gettag(gcm, s->octets + s->len, SEAL_TAG_LEN);
	s->len += SEAL_TAG_LEN;
	gcry_cipher_close(gcm);
}

/* A payload of up to some 3900 octets; with its number at least 4. */
static inline void
seal(const struct seal *how, struct cursor payload, struct sealed *out)
{
	const struct quic_version *version = quic_version_find(how->version);
	struct quic_keys keys[QUIC_ENDS];
	size_t len = how->number_len + payload.left + SEAL_TAG_LEN, number_at;
	bool derived = quic_keys_derive(version, how->key_dcid, keys);

	assert(derived);
	(void)derived;
	out->len = 0;
	seal_number(out,
	    0xc0u | (unsigned)version->initial_type << 4 |
		(unsigned)how->reserved << 2 | (how->number_len - 1),
	    1);
	seal_number(out, how->version, 4);
	seal_number(out, how->dcid.left, 1);
	seal_put(out, how->dcid.at, how->dcid.left);
	seal_number(out, how->scid.left, 1);
	seal_put(out, how->scid.at, how->scid.left);
	if (how->token.left < 64)
		seal_number(out, how->token.left, 1);
	else
		seal_number(out, 0x4000 | how->token.left, 2);
	seal_put(out, how->token.at, how->token.left);
	seal_number(out, 0x4000 | len, 2);
	number_at = out->len;
	seal_number(out, how->number, how->number_len);
	if (payload.left > sizeof out->octets - SEAL_TAG_LEN - out->len)
		payload.left = 0;
	memcpy(out->octets + out->len, payload.at, payload.left);
	seal_payload(&keys[how->from], how->number, out, payload.left);
	seal_header(&keys[how->from], out, number_at, how->number_len);
}

#endif
