#include "iocs/csv_layout.h"

#include <string.h>

#include "iocs/feed_format.h"

/* A file is CSV without a header if so many rows have equal columns. */
#define SAMPLE_ROWS 20

static const char separators[] = { ',', ';', '|', '\t' };
/* Without a header a tab is rather a hosts file's. */
#define SEPARATORS_WITHOUT_HEADER (sizeof separators - 1)

static const struct {
	const char *word; /* feed_word */
	enum csv_role role;
	enum value_kind kind;
} columns[] = {
	{ "indicator", CSV_VALUE, VALUE_ANY },
	{ "indicatorvalue", CSV_VALUE, VALUE_ANY },
	{ "value", CSV_VALUE, VALUE_ANY },
	{ "iocvalue", CSV_VALUE, VALUE_ANY },
	{ "ioc", CSV_VALUE, VALUE_ANY },
	{ "observable", CSV_VALUE, VALUE_ANY },
	{ "trail", CSV_VALUE, VALUE_ANY },
	{ "domain", CSV_TYPED, VALUE_DOMAIN },
	{ "domainname", CSV_TYPED, VALUE_DOMAIN },
	{ "hostname", CSV_TYPED, VALUE_HOST },
	{ "fqdn", CSV_TYPED, VALUE_HOST },
	{ "ip", CSV_TYPED, VALUE_ADDRESS },
	{ "ipaddress", CSV_TYPED, VALUE_ADDRESS },
	{ "ipaddr", CSV_TYPED, VALUE_ADDRESS },
	{ "ipv4", CSV_TYPED, VALUE_ADDRESS },
	{ "ipv6", CSV_TYPED, VALUE_ADDRESS },
	{ "dstip", CSV_TYPED, VALUE_ADDRESS },
	{ "destip", CSV_TYPED, VALUE_ADDRESS },
	{ "cidr", CSV_TYPED, VALUE_ADDRESS },
	{ "url", CSV_TYPED, VALUE_URL },
	{ "useragent", CSV_TYPED, VALUE_USER_AGENT },
	{ "purl", CSV_TYPED, VALUE_PACKAGE },
	{ "packageurl", CSV_TYPED, VALUE_PACKAGE },
	{ "ja3", CSV_TYPED, VALUE_JA3 },
	{ "ja3md5", CSV_TYPED, VALUE_JA3 }, /* abuse.ch's SSLBL */
	{ "ja3hash", CSV_TYPED, VALUE_JA3 },
	{ "ja3s", CSV_TYPED, VALUE_JA3S },
	{ "ja4", CSV_TYPED, VALUE_JA4 },
	{ "type", CSV_TYPE, VALUE_ANY },
	{ "indicatortype", CSV_TYPE, VALUE_ANY },
	{ "ioctype", CSV_TYPE, VALUE_ANY },
	{ "iocvaluetype", CSV_TYPE, VALUE_ANY },
	{ "port", CSV_PORT, VALUE_ANY },
	{ "dstport", CSV_PORT, VALUE_ANY },
	{ "destport", CSV_PORT, VALUE_ANY },
	{ "confidence", CSV_CONFIDENCE, VALUE_ANY },
	{ "confidencelevel", CSV_CONFIDENCE, VALUE_ANY },
	{ "campaign", CSV_CAMPAIGN, VALUE_ANY },
	{ "malwareprintable", CSV_CAMPAIGN, VALUE_ANY },
	{ "malware", CSV_CAMPAIGN, VALUE_ANY },
	{ "eventinfo", CSV_CAMPAIGN, VALUE_ANY },
	{ "description", CSV_DESCRIPTION, VALUE_ANY },
	{ "context", CSV_DESCRIPTION, VALUE_ANY },
	{ "comment", CSV_DESCRIPTION, VALUE_ANY },
	{ "notes", CSV_DESCRIPTION, VALUE_ANY },
	{ "info", CSV_DESCRIPTION, VALUE_ANY },
	{ "threattype", CSV_DESCRIPTION, VALUE_ANY },
	{ "threat", CSV_DESCRIPTION, VALUE_ANY },
	{ "listingreason", CSV_DESCRIPTION, VALUE_ANY },
	{ "reference", CSV_REFERENCE, VALUE_ANY },
	{ "references", CSV_REFERENCE, VALUE_ANY },
	{ "urlhauslink", CSV_REFERENCE, VALUE_ANY },
	{ "source", CSV_SOURCE, VALUE_ANY },
	{ "validfrom", CSV_VALID_FROM, VALUE_ANY },
	{ "firstseen", CSV_VALID_FROM, VALUE_ANY },
	{ "firstseenutc", CSV_VALID_FROM, VALUE_ANY },
	{ "dateadded", CSV_VALID_FROM, VALUE_ANY },
	{ "validuntil", CSV_VALID_UNTIL, VALUE_ANY },
	{ "expires", CSV_VALID_UNTIL, VALUE_ANY },
	{ "toids", CSV_TO_IDS, VALUE_ANY },
};

static void
add_column(struct csv_layout *layout, size_t column, const char *word)
{
	for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
		enum csv_role role = columns[i].role;

		if (strcmp(columns[i].word, word) != 0)
			continue;
		layout->known_count++;
		if (role == CSV_TYPED) {
			layout->typed[layout->typed_count].column = column;
			layout->typed[layout->typed_count++].kind = columns[i]
			                                                .kind;
		} else if (layout->column[role] == 0) {
			layout->column[role] = column;
		}
	}
	if (strcmp(word, "malwareprintable") == 0)
		layout->publisher = "ThreatFox";
	else if (strcmp(word, "urlhauslink") == 0)
		layout->publisher = "URLhaus";
	else if (strcmp(word, "c2status") == 0)
		layout->publisher = "Feodo Tracker";
	else if (strcmp(word, "listingreason") == 0)
		layout->publisher = "SSLBL";
}

bool
csv_layout_read(const struct csv_record *record, char separator,
    struct csv_layout *out)
{
	struct csv_layout layout = { .separator = separator,
		.has_header = true };
	char word[FEED_WORD_MAX];

	for (size_t i = 0; i < record->count; i++) {
		feed_word(record->field[i], word);
		add_column(&layout, i + 1, word);
	}
	if (layout.column[CSV_VALUE] == 0 && layout.typed_count == 0)
		return false;
	*out = layout;
	return true;
}

/* The line with each separator in turn; `known_min` known columns at least. */
static bool
find_header(struct cursor line, size_t known_min, struct csv_record *record,
    struct csv_layout *out)
{
	size_t taken;

	for (size_t i = 0; i < sizeof separators; i++)
		if (csv_read(line, separators[i], record, &taken) &&
		    csv_layout_read(record, separators[i], out) &&
		    out->known_count >= known_min)
			return true;
	return false;
}

bool
csv_comment(struct cursor line, struct cursor *text)
{
	line = feed_trim(line);
	if (line.left == 0 || line.at[0] != '#')
		return false;
	while (line.left > 0 && line.at[0] == '#')
		line = (struct cursor){ line.at + 1, line.left - 1 };
	*text = feed_trim(line);
	return true;
}

/* A value with a comment behind it is a plain list's. */
static bool
has_comment_behind(struct cursor line)
{
	for (size_t i = 1; i < line.left; i++)
		if (line.at[i] == '#' &&
		    (line.at[i - 1] == ' ' || line.at[i - 1] == '\t'))
			return true;
	return false;
}

/* Whether it gives as many fields, two or more, in each of the first rows. */
static bool
is_consistent(struct cursor head, char separator, struct csv_record *record)
{
	struct cursor line, text;
	size_t rows = 0, fields = 0, taken;

	while (rows < SAMPLE_ROWS && feed_take_line(&head, &line)) {
		if (csv_comment(line, &text) || feed_trim(line).left == 0)
			continue;
		if (has_comment_behind(line) ||
		    !csv_read(line, separator, record, &taken) ||
		    record->count < 2 || (rows > 0 && record->count != fields))
			return false;
		fields = record->count;
		rows++;
	}
	return rows > 0;
}

bool
csv_layout_find(struct cursor head, struct csv_record *record,
    struct csv_layout *out)
{
	struct cursor rest = head, line, text;

	while (feed_take_line(&rest, &line)) {
		if (csv_comment(line, &text)) {
			if (find_header(text, 2, record, out))
				return true;
		} else if (feed_trim(line).left > 0) {
			if (find_header(line, 1, record, out))
				return true;
			break;
		}
	}
	*out = (struct csv_layout){ 0 };
	for (size_t i = 0; i < SEPARATORS_WITHOUT_HEADER; i++) {
		out->separator = separators[i];
		if (is_consistent(head, separators[i], record))
			return true;
	}
	return false;
}
