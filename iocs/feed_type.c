#include "iocs/feed_type.h"

#include <string.h>

static const struct {
	const char *word;
	enum value_kind kind;
} kinds[] = {
	{ "domain", VALUE_DOMAIN },
	{ "domainname", VALUE_DOMAIN },
	{ "c2domain", VALUE_DOMAIN },
	{ "hostname", VALUE_HOST },
	{ "host", VALUE_HOST },
	{ "fqdn", VALUE_HOST },
	{ "hostnameport", VALUE_HOST },
	{ "ip", VALUE_ADDRESS },
	{ "ips", VALUE_ADDRESS },
	{ "ipv4", VALUE_ADDRESS },
	{ "ipv6", VALUE_ADDRESS },
	{ "ipaddress", VALUE_ADDRESS },
	{ "ipv4address", VALUE_ADDRESS },
	{ "ipv6address", VALUE_ADDRESS },
	{ "ipv4addr", VALUE_ADDRESS },
	{ "ipv6addr", VALUE_ADDRESS },
	{ "ipdst", VALUE_ADDRESS },
	{ "ipsrc", VALUE_ADDRESS },
	{ "ipport", VALUE_ADDRESS },
	{ "ipv4port", VALUE_ADDRESS },
	{ "ipv6port", VALUE_ADDRESS },
	{ "ipdstport", VALUE_ADDRESS },
	{ "ipsrcport", VALUE_ADDRESS },
	{ "c2ip", VALUE_ADDRESS },
	{ "addr", VALUE_ADDRESS },
	{ "address", VALUE_ADDRESS },
	{ "cidr", VALUE_ADDRESS },
	{ "subnet", VALUE_ADDRESS },
	{ "network", VALUE_ADDRESS },
	{ "netblock", VALUE_ADDRESS },
	{ "url", VALUE_URL },
	{ "c2url", VALUE_URL },
	{ "uri", VALUE_URI },
	{ "path", VALUE_PATH },
	{ "uripath", VALUE_PATH },
	{ "urlpath", VALUE_PATH },
	{ "useragent", VALUE_USER_AGENT },
	{ "httpuseragent", VALUE_USER_AGENT },
	{ "httpbody", VALUE_HTTP_BODY },
	{ "package", VALUE_PACKAGE },
	{ "packageurl", VALUE_PACKAGE },
	{ "packagepurl", VALUE_PACKAGE },
	{ "purl", VALUE_PACKAGE },
	{ "npmpackage", VALUE_NPM_PACKAGE },
	{ "pypipackage", VALUE_PYPI_PACKAGE },
	{ "ja3", VALUE_JA3 },
	{ "ja3md5", VALUE_JA3 },
	{ "ja3hash", VALUE_JA3 },
	{ "ja3fingerprint", VALUE_JA3 },
	{ "ja3fingerprintmd5", VALUE_JA3 },
	{ "ja3s", VALUE_JA3S },
	{ "ja3smd5", VALUE_JA3S },
	{ "ja3shash", VALUE_JA3S },
	{ "ja3sfingerprintmd5", VALUE_JA3S },
	{ "ja4", VALUE_JA4 },
	{ "ja4fingerprint", VALUE_JA4 },
	{ "country", VALUE_COUNTRY },
	{ "countrycode", VALUE_COUNTRY },
	{ "as", VALUE_ASN },
	{ "asn", VALUE_ASN },
	{ "asnumber", VALUE_ASN },
	{ "autonomoussystem", VALUE_ASN },
};

static const char *const fingerprints[] = { "ja4s", "ja4h", "ja4x", "jarm",
	"jarmfingerprint", "hasshmd5", "hasshservermd5", "hassh",
	"x509fingerprintmd5", "x509fingerprintsha1", "x509fingerprintsha256",
	"certhash", "pubkeyhash", "sshfingerprint" };

static const char *const others[] = { "md5", "md5hash", "sha1", "sha1hash",
	"sha256", "sha256hash", "sha512", "hash", "filehash", "imphash",
	"ssdeep", "tlsh", "filename", "file", "filepath", "registry",
	"registrykey", "regkey", "mutex", "email", "emailaddress", "emailsrc",
	"username", "port", "cookie", "btc", "wallet", "cve", "vulnerability",
	"comment", "text", "link", "process", "commandline", "yara", "sigma",
	"snort", "suricata" };

void
feed_word(struct cursor text, char out[FEED_WORD_MAX])
{
	size_t len = 0;
	char octet;

	for (size_t i = 0; i < text.left && len < FEED_WORD_MAX - 1; i++) {
		octet = (char)text.at[i];
		if (octet >= 'A' && octet <= 'Z')
			octet |= 0x20;
		if ((octet >= 'a' && octet <= 'z') ||
		    (octet >= '0' && octet <= '9'))
			out[len++] = octet;
	}
	out[len] = '\0';
}

static bool
listed(const char *const *words, size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

enum feed_type
feed_type_find(struct cursor name, enum value_kind *kind)
{
	char word[FEED_WORD_MAX];

	feed_word(name, word);
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (strcmp(kinds[i].word, word) == 0) {
			*kind = kinds[i].kind;
			return FEED_TYPE_VALUE;
		}
	}
	if (strcmp(word, "domainip") == 0)
		return FEED_TYPE_PAIR;
	if (listed(fingerprints, sizeof fingerprints / sizeof fingerprints[0],
		word))
		return FEED_TYPE_FINGERPRINT;
	if (listed(others, sizeof others / sizeof others[0], word))
		return FEED_TYPE_OTHER;
	return FEED_TYPE_UNKNOWN;
}
