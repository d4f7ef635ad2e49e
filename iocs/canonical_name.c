#include "iocs/canonical_name.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <idn2.h>
#include <libpsl.h>

/* RFC 1035 section 2.3.4. */
#define LABEL_LEN_MAX 63

/*
 * Names that tunnel and hosting services give each customer a name under, and
 * that the list did not have in 2023, which is the one that is installed on
 * long-lived systems.
 */
static const char *const shared_names[] = {
	"argotunnel.com",
	"b-cdn.net",
	"backblazeb2.com",
	"blob.core.windows.net",
	"btunnel.co.in",
	"ddns.net",
	"devtunnels.ms",
	"glitch.me",
	"hostwindsdns.com",
	"ic0.app",
	"icp0.io",
	"lhr.life",
	"localto.net",
	"localtonet.com",
	"mypinata.cloud",
	"netlify.app",
	"ngrok-free.app",
	"ngrok-free.dev",
	"ngrok.app",
	"ngrok.dev",
	"nip.io",
	"portmap.io",
	"publicvm.com",
	"r2.cloudflarestorage.com",
	"railway.app",
	"raw.ic0.app",
	"raw.icp0.io",
	"replit.app",
	"serveo.net",
	"supabase.co",
	"up.railway.app",
	"v6.army",
	"web.core.windows.net",
};

struct suffixes {
	psl_ctx_t *list;
};

struct suffixes *
suffixes_new(void)
{
	struct suffixes *suffixes = calloc(1, sizeof *suffixes);

	if (suffixes == NULL)
		return NULL;
	/* The system's file or what the library was built with. */
	if ((suffixes->list = psl_latest(NULL)) == NULL) {
		free(suffixes);
		return NULL;
	}
	return suffixes;
}

void
suffixes_free(struct suffixes *suffixes)
{
	if (suffixes == NULL)
		return;
	psl_free(suffixes->list);
	free(suffixes);
}

const char *
suffixes_refusal(const struct suffixes *suffixes, const char *name)
{
	if (psl_is_public_suffix(suffixes->list, name))
		return "a public suffix: names below it are registered by "
		       "anybody (publicsuffix.org)";
	for (size_t i = 0; i < sizeof shared_names / sizeof shared_names[0];
	     i++)
		if (strcmp(name, shared_names[i]) == 0)
			return "a service that gives names below this one to "
			       "anybody: give the full host name";
	return NULL;
}

static bool
is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text >= 0x80)
			return false;
	return true;
}

static const char *
idna_reason(int rc)
{
	switch (rc) {
	case IDN2_TOO_BIG_LABEL:
		return "label over 63 octets (RFC 1035 section 2.3.4)";
	case IDN2_TOO_BIG_DOMAIN:
		return "name over 253 octets (RFC 1035 section 2.3.4)";
	case IDN2_ENCODING_ERROR:
	case IDN2_ICONV_FAIL:
		return "not UTF-8";
	case IDN2_MALLOC:
		return "memory is short";
	default:
		return "no domain name (IDNA, RFC 5891)";
	}
}

/* Letters, digits, '-', '_' and dots, lower case. */
static const char *
copy_plain(const char *text, char out[NAME_LEN_MAX + 1], size_t *out_len)
{
	size_t len = strlen(text);
	char octet;

	if (len > 0 && text[len - 1] == '.')
		len--;
	if (len > NAME_LEN_MAX)
		return "name over 253 octets (RFC 1035 section 2.3.4)";
	for (size_t i = 0; i < len; i++) {
		octet = text[i];
		if (octet >= 'A' && octet <= 'Z')
			octet |= 0x20;
		if (!(octet >= 'a' && octet <= 'z') &&
		    !(octet >= '0' && octet <= '9') && octet != '-' &&
		    octet != '_' && octet != '.')
			return "has an octet that is in no host name "
			       "(RFC 1123 section 2.1)";
		out[i] = octet;
	}
	out[len] = '\0';
	*out_len = len;
	return NULL;
}

/* "localhost", "localdomain" (RFC 6761 section 6.3, hosts files). */
static bool
is_local(const char *last_label)
{
	return strcmp(last_label, "localhost") == 0 ||
	       strcmp(last_label, "localdomain") == 0;
}

static const char *
check_labels(const char *name)
{
	const char *label = name;
	size_t len;

	for (;;) {
		len = strcspn(label, ".");
		if (len == 0)
			return "empty label";
		if (len > LABEL_LEN_MAX)
			return "label over 63 octets "
			       "(RFC 1035 section 2.3.4)";
		if (label[len] == '\0')
			break;
		label += len + 1;
	}
	if (is_local(label))
		return "means this machine";
	if (label == name)
		return "one label only: a top-level domain, or no name at all";
	if (label[strspn(label, "0123456789")] == '\0')
		return "neither an address nor a name";
	return NULL;
}

const char *
canonical_name(const char *text, char out[NAME_LEN_MAX + 1], size_t *out_len)
{
	const char *reason;
	uint8_t *ascii;
	int rc;

	if (is_ascii(text)) {
		reason = copy_plain(text, out, out_len);
	} else {
		rc = idn2_lookup_u8((const uint8_t *)text, &ascii,
		    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
		if (rc != IDN2_OK)
			return idna_reason(rc);
		reason = copy_plain((const char *)ascii, out, out_len);
		idn2_free(ascii);
	}
	return reason != NULL ? reason : check_labels(out);
}
