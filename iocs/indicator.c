#include "iocs/indicator.h"

#include <stddef.h>

const char *
indicator_type_name(enum indicator_type type)
{
	switch (type) {
	case INDICATOR_DOMAIN:
		return "domain";
	case INDICATOR_HOST:
		return "host";
	case INDICATOR_ADDRESS:
		return "ip";
	case INDICATOR_URL:
		return "url";
	case INDICATOR_PATH:
		return "path";
	case INDICATOR_USER_AGENT:
		return "user_agent";
	case INDICATOR_HTTP_BODY:
		return "http_body";
	case INDICATOR_PACKAGE:
		return "package";
	case INDICATOR_JA3:
		return "ja3";
	case INDICATOR_JA3S:
		return "ja3s";
	case INDICATOR_JA4:
		return "ja4";
	case INDICATOR_COUNTRY:
		return "country";
	case INDICATOR_ASN:
		return "asn";
	case INDICATOR_TYPE_COUNT:
		break;
	}
	return NULL;
}
