#include "output/redis_tls.h"

#include <errno.h>
#include <stdio.h>

#ifdef HAVE_OPENSSL

#include <arpa/inet.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

struct redis_tls_session {
	SSL *ssl;
	bool failed; /* OpenSSL forbids SSL_shutdown then */
	char reason[128];
};

bool
redis_tls_is_available(void)
{
	return true;
}

/* OpenSSL's own words, or the system's, about `what`: the first is the cause.
 */
static void
explain(const char *what, char *error, size_t error_size)
{
	unsigned long code = ERR_peek_error();
	const char *reason = NULL;

	if (ERR_GET_LIB(code) == ERR_LIB_SYS)
		reason = strerror(ERR_GET_REASON(code));
	else if (code != 0)
		reason = ERR_reason_error_string(code);
	snprintf(error, error_size, "%s: %s", what,
	    reason != NULL ? reason : "TLS failed");
	ERR_clear_error();
}

static bool
load_ca(SSL_CTX *context, const struct redis_tls *settings, char *error,
    size_t error_size)
{
	bool good = settings->ca != NULL
	                ? SSL_CTX_load_verify_locations(context, settings->ca,
			      NULL) == 1
	                : SSL_CTX_set_default_verify_paths(context) == 1;

	if (!good)
		explain(settings->ca != NULL ? settings->ca : "CA certificates",
		    error, error_size);
	return good;
}

static bool
load_own(SSL_CTX *context, const struct redis_tls *settings, char *error,
    size_t error_size)
{
	const char *key = settings->cert_key != NULL ? settings->cert_key
	                                             : settings->cert;

	if (settings->cert == NULL)
		return true;
	if (SSL_CTX_use_certificate_chain_file(context, settings->cert) != 1) {
		explain(settings->cert, error, error_size);
		return false;
	}
	if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1) {
		explain(key, error, error_size);
		return false;
	}
	return true;
}

/* A key with a passphrase would have OpenSSL ask for it on the terminal. */
static int
no_passphrase(char *out, int size, int writing, void *arg)
{
	(void)out;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static SSL_CTX *
make_context(const struct redis_tls *settings, char *error, size_t error_size)
{
	SSL_CTX *context;

	ERR_clear_error();
	if ((context = SSL_CTX_new(TLS_client_method())) == NULL) {
		explain("TLS", error, error_size);
		return NULL;
	}
	SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
				      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_default_passwd_cb(context, no_passphrase);
	if (load_ca(context, settings, error, error_size) &&
	    load_own(context, settings, error, error_size))
		return context;
	SSL_CTX_free(context);
	return NULL;
}

int
redis_tls_check(const struct redis_tls *settings, char *error,
    size_t error_size)
{
	SSL_CTX *context = make_context(settings, error, error_size);

	SSL_CTX_free(context);
	return context != NULL ? 0 : -1;
}

/* RFC 9525: the certificate must name who was asked for; RFC 6066: SNI. */
static bool
expect_name(SSL *ssl, const char *name)
{
	unsigned char address[16];

	if (inet_pton(AF_INET, name, address) == 1 ||
	    inet_pton(AF_INET6, name, address) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl),
			   name) == 1;
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set1_host(ssl, name) == 1 &&
	       SSL_set_tlsext_host_name(ssl, name) == 1;
}

/*
 * OpenSSL writes without MSG_NOSIGNAL.  The thread, which is the sink's own,
 * wants no SIGPIPE from then on, whatever the process does with it.
 */
static void
hold_sigpipe(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

struct redis_tls_session *
redis_tls_new(const struct redis_tls *settings, int fd, const char *host,
    char *error, size_t error_size)
{
	const char *name = settings->name != NULL ? settings->name : host;
	struct redis_tls_session *session;
	SSL_CTX *context;

	if ((session = calloc(1, sizeof *session)) == NULL) {
		snprintf(error, error_size, "out of memory");
		return NULL;
	}
	if ((context = make_context(settings, error, error_size)) == NULL)
		goto failed;
	if ((session->ssl = SSL_new(context)) == NULL ||
	    SSL_set_fd(session->ssl, fd) != 1 ||
	    !expect_name(session->ssl, name)) {
		explain(name, error, error_size);
		goto failed;
	}
	hold_sigpipe();
	SSL_set_connect_state(session->ssl);
	SSL_CTX_free(context); /* the session keeps it */
	return session;
failed:
	SSL_CTX_free(context);
	SSL_free(session->ssl);
	free(session);
	return NULL;
}

void
redis_tls_free(struct redis_tls_session *session)
{
	if (session == NULL)
		return;
	if (!session->failed && SSL_is_init_finished(session->ssl))
		(void)SSL_shutdown(session->ssl);
	ERR_clear_error();
	SSL_free(session->ssl);
	free(session);
}

/* The events that OpenSSL waits for after `rc`; 0: it is a failure. */
static short
wanted_events(const struct redis_tls_session *session, int rc)
{
	switch (SSL_get_error(session->ssl, rc)) {
	case SSL_ERROR_WANT_READ:
		return POLLIN;
	case SSL_ERROR_WANT_WRITE:
		return POLLOUT;
	default: /* an int, of OpenSSL */
		return 0;
	}
}

static void
explain_handshake(const struct redis_tls_session *session, int saved,
    char *error, size_t error_size)
{
	long verdict = SSL_get_verify_result(session->ssl);

	if (verdict != X509_V_OK)
		snprintf(error, error_size, "TLS: %s",
		    X509_verify_cert_error_string(verdict));
	else if (ERR_peek_error() == 0)
		snprintf(error, error_size, "TLS: %s",
		    saved != 0 ? strerror(saved)
			       : "the other side ended the connection");
	else
		explain("TLS", error, error_size);
	ERR_clear_error();
}

int
redis_tls_handshake(struct redis_tls_session *session, short *events,
    char *error, size_t error_size)
{
	int rc, saved;

	ERR_clear_error();
	errno = 0;
	rc = SSL_connect(session->ssl);
	saved = errno;
	if (rc == 1)
		return 1;
	if ((*events = wanted_events(session, rc)) != 0)
		return 0;
	session->failed = true;
	explain_handshake(session, saved, error, error_size);
	return -1;
}

static ssize_t
fail_with_errno(struct redis_tls_session *session, int rc, int saved)
{
	if (wanted_events(session, rc) != 0) {
		errno = EAGAIN;
		return -1;
	}
	session->failed = true;
	explain("TLS", session->reason, sizeof session->reason);
	errno = saved != 0 ? saved : EPROTO;
	return -1;
}

ssize_t
redis_tls_read(struct redis_tls_session *session, char *out, size_t size)
{
	int rc, saved;

	ERR_clear_error();
	errno = 0;
	rc = SSL_read(session->ssl, out, size > INT_MAX ? INT_MAX : (int)size);
	saved = errno;
	if (rc > 0)
		return rc;
	if (SSL_get_error(session->ssl, rc) == SSL_ERROR_ZERO_RETURN)
		return 0;
	return fail_with_errno(session, rc, saved);
}

ssize_t
redis_tls_write(struct redis_tls_session *session, const char *octets,
    size_t len)
{
	int rc, saved;

	ERR_clear_error();
	errno = 0;
	rc = SSL_write(session->ssl, octets,
	    len > INT_MAX ? INT_MAX : (int)len);
	saved = errno;
	return rc > 0 ? rc : fail_with_errno(session, rc, saved);
}

const char *
redis_tls_reason(const struct redis_tls_session *session)
{
	return session->reason;
}

bool
redis_tls_pending(const struct redis_tls_session *session)
{
	return SSL_pending(session->ssl) > 0;
}

#else

static const char none[] = "this program was built without TLS (OpenSSL)";

bool
redis_tls_is_available(void)
{
	return false;
}

int
redis_tls_check(const struct redis_tls *settings, char *error,
    size_t error_size)
{
	(void)settings;
	snprintf(error, error_size, "%s", none);
	return -1;
}

struct redis_tls_session *
redis_tls_new(const struct redis_tls *settings, int fd, const char *host,
    char *error, size_t error_size)
{
	(void)settings;
	(void)fd;
	(void)host;
	snprintf(error, error_size, "%s", none);
	return NULL;
}

void
redis_tls_free(struct redis_tls_session *session)
{
	(void)session;
}

int
redis_tls_handshake(struct redis_tls_session *session, short *events,
    char *error, size_t error_size)
{
	(void)session;
	(void)events;
	snprintf(error, error_size, "%s", none);
	return -1;
}

ssize_t
redis_tls_read(struct redis_tls_session *session, char *out, size_t size)
{
	(void)session;
	(void)out;
	(void)size;
	errno = EPROTO;
	return -1;
}

ssize_t
redis_tls_write(struct redis_tls_session *session, const char *octets,
    size_t len)
{
	(void)session;
	(void)octets;
	(void)len;
	errno = EPROTO;
	return -1;
}

const char *
redis_tls_reason(const struct redis_tls_session *session)
{
	(void)session;
	return none;
}

bool
redis_tls_pending(const struct redis_tls_session *session)
{
	(void)session;
	return false;
}

#endif
