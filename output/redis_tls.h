#ifndef OUTPUT_REDIS_TLS_H
#define OUTPUT_REDIS_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "output/sink_url.h"

/*
 * TLS 1.2 or later for one connection, whose socket is non-blocking and stays
 * the caller's.  OpenSSL itself, and not hiredis_ssl: that takes any
 * certificate of a trusted CA, whoever's it is (there is a check of the name
 * only since August 2026), and hiredis has TLS only since 1.0.
 *
 * Built in with HAVE_OPENSSL; else each call fails and says so.
 */
struct redis_tls_session;

bool redis_tls_is_available(void);

/*
 * Whether the settings are good: the files are there and are what they should
 * be.  0, or -1 with the reason.
 */
int redis_tls_check(const struct redis_tls *settings, char *error,
    size_t error_size);

/*
 * A session on `fd`, begun; NULL and the reason.  The files are read anew, so
 * that a certificate may be renewed.  The peer must prove to be `host`, or
 * what the settings name instead: a DNS name or an IP address.
 */
struct redis_tls_session *redis_tls_new(const struct redis_tls *settings,
    int fd, const char *host, char *error, size_t error_size);

/* Says farewell if it can without waiting; frees.  NULL is fine. */
void redis_tls_free(struct redis_tls_session *session);

/*
 * 1: done; 0: call again once poll(2) gives one of *events; -1 with the reason.
 */
int redis_tls_handshake(struct redis_tls_session *session, short *events,
    char *error, size_t error_size);

/* As recv(2) and send(2); errno is EAGAIN or, for any fault of TLS, EPROTO. */
ssize_t redis_tls_read(struct redis_tls_session *session, char *out,
    size_t size);
ssize_t redis_tls_write(struct redis_tls_session *session, const char *octets,
    size_t len);

/* What a fault of TLS was about: such as the other side's alert. */
const char *redis_tls_reason(const struct redis_tls_session *session);

/* Whether something was received that poll(2) no longer tells. */
bool redis_tls_pending(const struct redis_tls_session *session);

#endif
