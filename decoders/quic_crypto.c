#include "decoders/quic_crypto.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <gcrypt.h>

#include "decoders/gcrypt_ready.h"

#define HASH_LEN        32 /* SHA-256 */
#define TAG_LEN         16
#define SAMPLE_LEN      16
#define PACKET_NUM_MAX  4
#define PACKET_NUM_BITS 62
/* Zero, or the peer closes the connection (RFC 9000 section 17.2).  Asked
 * before the tag is, it spares three wrong keys in four the decryption. */
#define RESERVED_BITS 0x0c
/* No packet is longer: its length and a UDP datagram's have 16 bits. */
#define PAYLOAD_MAX 65536

struct quic_crypto {
	gcry_cipher_hd_t gcm, ecb;
	uint8_t payload[PAYLOAD_MAX];
};

struct quic_crypto *
quic_crypto_new(void)
{
	struct quic_crypto *crypto;

	gcrypt_ready();
	crypto = calloc(1, sizeof *crypto);
	if (crypto == NULL)
		return NULL;
	if (gcry_cipher_open(&crypto->gcm, GCRY_CIPHER_AES128,
		GCRY_CIPHER_MODE_GCM, 0) != 0 ||
	    gcry_cipher_open(&crypto->ecb, GCRY_CIPHER_AES128,
		GCRY_CIPHER_MODE_ECB, 0) != 0) {
		quic_crypto_free(crypto);
		errno = ENOTSUP;
		return NULL;
	}
	return crypto;
}

void
quic_crypto_free(struct quic_crypto *crypto)
{
	if (crypto == NULL)
		return;
	/* A handle that was not opened is NULL, which is fine. */
	gcry_cipher_close(crypto->gcm);
	gcry_cipher_close(crypto->ecb);
	free(crypto);
}

/* HMAC-SHA-256, RFC 2104. */
static bool
hmac(struct cursor key, struct cursor text, uint8_t out[HASH_LEN])
{
	/* It takes what it only reads as not const. */
	gcry_buffer_t parts[] = {
		{ .data = (void *)(uintptr_t)key.at, .len = key.left },
		{ .data = (void *)(uintptr_t)text.at, .len = text.left },
	};

	return gcry_md_hash_buffers(GCRY_MD_SHA256, GCRY_MD_FLAG_HMAC, out,
		   parts, 2) == 0;
}

/*
 * HKDF-Expand-Label without context, RFC 8446 section 7.1.  No more than a
 * hash's length is wanted, so it is the first block of HKDF-Expand alone (RFC
 * 5869 section 2.3), whose counter is 1.
 */
static bool
expand_label(const uint8_t secret[HASH_LEN], const char *label, uint8_t *out,
    size_t len)
{
	uint8_t info[2 + 1 + 255 + 1 + 1] = { 0 }, block[HASH_LEN];
	size_t label_len = strlen(label);

	info[1] = (uint8_t)len;
	info[2] = (uint8_t)label_len;
	memcpy(info + 3, label, label_len);
	/* An empty context's length, and the counter. */
	info[3 + label_len + 1] = 1;
	if (!hmac(cur_of(secret, HASH_LEN), cur_of(info, 3 + label_len + 2),
		block))
		return false;
	memcpy(out, block, len);
	return true;
}

static bool
derive_end(const struct quic_version *version, const uint8_t initial[HASH_LEN],
    const char *label, struct quic_keys *keys)
{
	uint8_t secret[HASH_LEN];

	return expand_label(initial, label, secret, sizeof secret) &&
	       expand_label(secret, version->key_label, keys->key,
		   sizeof keys->key) &&
	       expand_label(secret, version->iv_label, keys->iv,
		   sizeof keys->iv) &&
	       expand_label(secret, version->hp_label, keys->hp,
		   sizeof keys->hp);
}

/* RFC 9001 sections 5.1 and 5.2; the extraction is RFC 5869 section 2.2. */
bool
quic_keys_derive(const struct quic_version *version, struct cursor dcid,
    struct quic_keys keys[QUIC_ENDS])
{
	uint8_t initial[HASH_LEN];

	return hmac(cur_of(version->salt, QUIC_SALT_LEN), dcid, initial) &&
	       derive_end(version, initial, "tls13 client in",
		   &keys[QUIC_CLIENT]) &&
	       derive_end(version, initial, "tls13 server in",
		   &keys[QUIC_SERVER]);
}

/* What the packet shows once its header is not protected any more. */
struct bared {
	uint8_t first;
	uint8_t number[PACKET_NUM_MAX];
	size_t number_len;
	uint32_t truncated; /* the packet number as sent */
};

/*
 * RFC 9001 section 5.4.  The sample is where it would be behind a packet
 * number of four octets, whatever the length of this one.
 */
static bool
bare_header(struct quic_crypto *crypto, const struct quic_keys *keys,
    const struct quic_protected *packet, struct bared *out)
{
	struct cursor header = packet->header, rest = packet->rest, sample;
	uint8_t mask[SAMPLE_LEN];

	if (!cur_u8(&header, &out->first) ||
	    !cur_copy(&rest, out->number, PACKET_NUM_MAX) ||
	    !cur_take(&rest, SAMPLE_LEN, &sample) ||
	    gcry_cipher_setkey(crypto->ecb, keys->hp, sizeof keys->hp) != 0 ||
	    gcry_cipher_encrypt(crypto->ecb, mask, sizeof mask, sample.at,
		sample.left) != 0)
		return false;
	out->first ^= mask[0] & 0x0f;
	out->number_len = (size_t)(out->first & 0x03) + 1;
	out->truncated = 0;
	for (size_t i = 0; i < out->number_len; i++) {
		out->number[i] ^= mask[1 + i];
		out->truncated = out->truncated << 8 | out->number[i];
	}
	return true;
}

/* The number nearest to `expected` that ends in the octets sent. */
static uint64_t
packet_number(uint64_t expected, const struct bared *bared)
{
	uint64_t window = (uint64_t)1 << 8 * bared->number_len;
	uint64_t number = (expected & ~(window - 1)) | bared->truncated;

	if (number + window / 2 <= expected &&
	    number < ((uint64_t)1 << PACKET_NUM_BITS) - window)
		return number + window;
	if (number > expected + window / 2 && number >= window)
		return number - window;
	return number;
}

/* RFC 9001 section 5.3: the iv, with the packet number on its end. */
static void
make_nonce(const struct quic_keys *keys, uint64_t number, uint8_t nonce[12])
{
	memcpy(nonce, keys->iv, sizeof keys->iv);
	for (size_t i = 0; i < sizeof number; i++)
		nonce[sizeof keys->iv - 1 - i] ^= (uint8_t)(number >> 8 * i);
}

static bool
set_key(gcry_cipher_hd_t gcm, const struct quic_keys *keys, uint64_t number)
{
	uint8_t nonce[sizeof keys->iv];

	make_nonce(keys, number, nonce);
	return gcry_cipher_setkey(gcm, keys->key, sizeof keys->key) == 0 &&
	       gcry_cipher_setiv(gcm, nonce, sizeof nonce) == 0;
}

/* The header as it was before its protection is what the tag covers, too. */
static bool
authenticate(gcry_cipher_hd_t gcm, const struct bared *bared,
    struct cursor header)
{
	return cur_skip(&header, 1) &&
	       gcry_cipher_authenticate(gcm, &bared->first, 1) == 0 &&
	       gcry_cipher_authenticate(gcm, header.at, header.left) == 0 &&
	       gcry_cipher_authenticate(gcm, bared->number,
		   bared->number_len) == 0;
}

bool
quic_open(struct quic_crypto *crypto, const struct quic_keys *keys,
    const struct quic_protected *packet, uint64_t expected, uint64_t *number,
    struct cursor *payload)
{
	struct cursor sealed = packet->rest, text;
	struct bared bared;

	if (!bare_header(crypto, keys, packet, &bared) ||
	    (bared.first & RESERVED_BITS) != 0 ||
	    !cur_skip(&sealed, bared.number_len) || sealed.left < TAG_LEN ||
	    !cur_take(&sealed, sealed.left - TAG_LEN, &text) ||
	    text.left > sizeof crypto->payload)
		return false;
	*number = packet_number(expected, &bared);
	if (!set_key(crypto->gcm, keys, *number) ||
	    !authenticate(crypto->gcm, &bared, packet->header) ||
	    gcry_cipher_decrypt(crypto->gcm, crypto->payload,
		sizeof crypto->payload, text.at, text.left) != 0 ||
	    gcry_cipher_checktag(crypto->gcm, sealed.at, sealed.left) != 0)
		return false;
	*payload = cur_of(crypto->payload, text.left);
	return true;
}
