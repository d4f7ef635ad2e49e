#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "sensor/behaviour.h"

/*
 * Systems and browsers whose makers ended support long ago, by what their
 * User-Agents say.  Compared without letter case: a machine that really is so
 * old has its own letters, and what only claims to be is often careless.
 */
static const struct {
	const char *text;
	const char *reason;
} dead[] = {
	{ "windows 95", "Windows 95, supported until 2001" },
	{ "windows 98", "Windows 98, supported until 2006" },
	{ "win 9x 4.90", "Windows ME, supported until 2006" },
	{ "windows nt 4.", "Windows NT 4, supported until 2004" },
	{ "windows nt 5.0", "Windows 2000, supported until 2010" },
	{ "windows 2000", "Windows 2000, supported until 2010" },
	{ "windows nt 5.1", "Windows XP, supported until 2014" },
	{ "windows xp", "Windows XP, supported until 2014" },
	{ "windows nt 5.2", "Windows Server 2003, supported until 2015" },
	{ "mac_powerpc", "Mac OS 9 or before, the last of 2001" },
	{ "ppc mac os x", "Mac OS X on PowerPC, the last of 2009" },
};

/* Before a number: the first one that is not dead. */
static const struct {
	const char *text;
	unsigned living;
	const char *reason;
} versions[] = {
	{ "android ", 5, "Android 4 or before, supported until 2017" },
	{ "iphone os ", 9, "iOS 8 or before, the last of 2015" },
	{ "cpu os ", 9, "iOS 8 or before, the last of 2015" },
	{ "msie ", 10, "Internet Explorer 9 or before, supported until 2020" },
};

/* What a browser's compatibility mode leaves in: then MSIE's number lies. */
static const char *const compatible[] = { "trident/6", "trident/7" };

#define SEEN_MAX 512

static bool
is_compatible(const char *text)
{
	for (size_t i = 0; i < sizeof compatible / sizeof compatible[0]; i++) {
		if (strstr(text, compatible[i]) != NULL)
			return true;
	}
	return false;
}

static const char *
dead_version(const char *text)
{
	for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
		const char *at = strstr(text, versions[i].text);
		char *end;
		unsigned long number;

		if (at == NULL)
			continue;
		at += strlen(versions[i].text);
		number = strtoul(at, &end, 10);
		if (!isdigit((unsigned char)*at) || number == 0 ||
		    number >= versions[i].living ||
		    (strcmp(versions[i].text, "msie ") == 0 &&
			is_compatible(text)))
			continue;
		return versions[i].reason;
	}
	return NULL;
}

const char *
dead_system(const char *user_agent, size_t len)
{
	char text[SEEN_MAX];

	if (len >= sizeof text)
		len = sizeof text - 1;
	for (size_t i = 0; i < len; i++) {
		char c = user_agent[i];

		text[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
	}
	text[len] = '\0';
	for (size_t i = 0; i < sizeof dead / sizeof dead[0]; i++) {
		if (strstr(text, dead[i].text) != NULL)
			return dead[i].reason;
	}
	return dead_version(text);
}
