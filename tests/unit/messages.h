#ifndef TESTS_UNIT_MESSAGES_H
#define TESTS_UNIT_MESSAGES_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Messages of TLS and DNS by hand, with nothing in them that is not needed. */
struct message {
	uint8_t octets[4096];
	size_t len;
};

static inline void
put(struct message *m, const void *octets, size_t len)
{
	assert(m->len + len <= sizeof m->octets);
	if (len > 0)
		memcpy(m->octets + m->len, octets, len);
	m->len += len;
}

/* An integer of `width` octets, big-endian. */
static inline void
put_int(struct message *m, size_t value, unsigned width)
{
	while (width-- > 0)
		put(m, &(uint8_t){ (uint8_t)(value >> 8 * width) }, 1);
}

static inline void
put_zeros(struct message *m, size_t len)
{
	while (len-- > 0)
		put_int(m, 0, 1);
}

/* A length of `width` octets, and what it counts. */
static inline void
put_counted(struct message *m, const struct message *counted, unsigned width)
{
	put_int(m, counted->len, width);
	put(m, counted->octets, counted->len);
}

/* ---- TLS, RFC 8446 section 4.1 ---- */

static inline void
put_extension(struct message *m, unsigned type, const struct message *data)
{
	put_int(m, type, 2);
	put_counted(m, data, 2);
}

static inline struct message
client_hello_extensions(const char *name, const char *alpn, size_t padding)
{
	struct message out = { .len = 0 }, ext = { .len = 0 };

	put_int(&ext, strlen(name) + 3, 2); /* RFC 6066 section 3 */
	put_int(&ext, 0, 1);
	put_int(&ext, strlen(name), 2);
	put(&ext, name, strlen(name));
	put_extension(&out, 0, &ext);
	ext.len = 0;
	put_int(&ext, strlen(alpn) + 1, 2); /* RFC 7301 section 3.1 */
	put_int(&ext, strlen(alpn), 1);
	put(&ext, alpn, strlen(alpn));
	put_extension(&out, 16, &ext);
	ext.len = 0;
	put_int(&ext, 2, 1); /* supported_versions, section 4.2.1 */
	put_int(&ext, 0x0304, 2);
	put_extension(&out, 43, &ext);
	ext.len = 0;
	put_zeros(&ext, padding); /* RFC 7685 */
	put_extension(&out, 21, &ext);
	return out;
}

/* The handshake message, without records. */
static inline struct message
client_hello(const char *name, const char *alpn, size_t padding)
{
	struct message out = { .len = 0 }, body = { .len = 0 }, ext;

	put_int(&body, 0x0303, 2);
	put_zeros(&body, 32); /* random */
	put_int(&body, 0, 1); /* session_id */
	put_int(&body, 2, 2);
	put_int(&body, 0x1301, 2);
	put_int(&body, 0x0100, 2); /* compressions */
	ext = client_hello_extensions(name, alpn, padding);
	put_counted(&body, &ext, 2);
	put_int(&out, 1, 1);
	put_counted(&out, &body, 3);
	return out;
}

static inline struct message
server_hello(unsigned cipher)
{
	struct message out = { .len = 0 }, body = { .len = 0 },
		       ext = { .len = 0 };

	put_int(&body, 0x0303, 2);
	put_zeros(&body, 32);
	put_int(&body, 0, 1);
	put_int(&body, cipher, 2);
	put_int(&body, 0, 1);
	put_int(&ext, 43, 2);
	put_int(&ext, 2, 2);
	put_int(&ext, 0x0304, 2);
	put_counted(&body, &ext, 2);
	put_int(&out, 2, 1);
	put_counted(&out, &body, 3);
	return out;
}

/* Handshake octets in records of at most `max` each (section 5.1). */
static inline struct message
in_records(const struct message *handshake, size_t max)
{
	struct message out = { .len = 0 };

	for (size_t at = 0; at < handshake->len; at += max) {
		size_t n = handshake->len - at < max ? handshake->len - at
		                                     : max;

		put_int(&out, 22, 1);
		put_int(&out, 0x0301, 2);
		put_int(&out, n, 2);
		put(&out, handshake->octets + at, n);
	}
	return out;
}

/* ---- DNS, RFC 1035 section 4.1 ---- */

static inline void
put_name(struct message *m, const char *name)
{
	while (*name != '\0') {
		size_t len = strcspn(name, ".");

		put_int(m, len, 1);
		put(m, name, len);
		name += len + (name[len] == '.');
	}
	put_int(m, 0, 1);
}

static inline struct message
dns_message(unsigned id, unsigned flags, const char *name, unsigned answers)
{
	struct message out = { .len = 0 };

	put_int(&out, id, 2);
	put_int(&out, flags, 2);
	put_int(&out, 1, 2);
	put_int(&out, answers, 2);
	put_int(&out, 0, 4);
	put_name(&out, name);
	put_int(&out, 1, 2); /* A, IN */
	put_int(&out, 1, 2);
	return out;
}

static inline struct message
dns_query(unsigned id, const char *name)
{
	return dns_message(id, 0x0100, name, 0);
}

static inline struct message
dns_answer(unsigned id, const char *name, const uint8_t addr[4])
{
	struct message out = dns_message(id, 0x8180, name, 1);

	put_int(&out, 0xc00c, 2); /* the question's name */
	put_int(&out, 1, 2);
	put_int(&out, 1, 2);
	put_int(&out, 60, 4);
	put_int(&out, 4, 2);
	put(&out, addr, 4);
	return out;
}

/* With its length in front, section 4.2.2. */
static inline struct message
dns_over_tcp(struct message message)
{
	struct message out = { .len = 0 };

	put_counted(&out, &message, 2);
	return out;
}

#endif
