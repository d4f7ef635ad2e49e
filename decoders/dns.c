#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "decoders/cursor.h"
#include "decoders/decode.h"
#include "decoders/dns.h"
#include "decoders/dns_wire.h"

/* Messages, records and names.  Data by type: dns_rdata.c. */

#define HEADER_LEN    12
#define LABEL_MAX     63
#define NAME_WIRE_MAX 255
/*
 * No name needs more pointers than it can have labels.  They lead backwards,
 * so this is about time: 64 KiB could hold a chain of thousands, and a record
 * for each of them.
 */
#define POINTERS_MAX 127

/* The first octet of a label or pointer, RFC 1035 section 4.1.4. */
static bool
is_pointer(uint8_t octet)
{
	return octet >= 0xc0;
}

enum decode
dns_open(struct cursor message, struct dns_header *header,
    struct dns_reader *reader)
{
	struct cursor rest = message;
	struct dns_header h;
	int i;

	if (message.left > DNS_MESSAGE_MAX)
		return DECODE_MALFORMED;
	if (!cur_u16(&rest, &h.id) || !cur_u16(&rest, &h.flags))
		return DECODE_SHORT;
	for (i = 0; i < DNS_SECTIONS; i++)
		if (!cur_u16(&rest, &h.count[i]))
			return DECODE_SHORT;
	*header = h;
	*reader = (struct dns_reader){ .message = message, .rest = rest };
	memcpy(reader->left, h.count, sizeof reader->left);
	return DECODE_OK;
}

/*
 * Follows one pointer whose first octet was `high`, out of the part of a name
 * that begins at *part_at: there it leads to, and *part is what follows.
 */
static enum decode
pointer_follow(struct cursor message, uint8_t high, struct cursor *part,
    size_t *part_at)
{
	size_t target;
	uint8_t low;

	if (!cur_u8(part, &low))
		return DECODE_SHORT;
	target = (size_t)(high & 0x3f) << 8 | low;
	if (target >= *part_at || target < HEADER_LEN)
		return DECODE_MALFORMED;
	*part = message;
	*part_at = target;
	return cur_skip(part, target) ? DECODE_OK : DECODE_MALFORMED;
}

/* Where a name really begins: past the pointers that it begins with. */
static enum decode
name_begin(struct cursor message, struct cursor part, uint16_t *name_at)
{
	size_t part_at = message.left - part.left;
	struct cursor ahead = part;
	unsigned pointers = 0;
	enum decode rc;
	uint8_t octet;

	while (cur_u8(&ahead, &octet) && is_pointer(octet)) {
		if (++pointers > POINTERS_MAX)
			return DECODE_MALFORMED;
		rc = pointer_follow(message, octet, &ahead, &part_at);
		if (rc != DECODE_OK)
			return rc;
	}
	*name_at = (uint16_t)part_at;
	return DECODE_OK;
}

enum decode
dns_name_skip(struct cursor *c)
{
	struct cursor rest = *c;
	size_t wire_len = 0;
	uint8_t len;

	do {
		if (!cur_u8(&rest, &len))
			return DECODE_SHORT;
		if (is_pointer(len)) {
			if (!cur_skip(&rest, 1))
				return DECODE_SHORT;
			break;
		}
		wire_len += 1u + len;
		if (len > LABEL_MAX || wire_len > NAME_WIRE_MAX)
			return DECODE_MALFORMED;
		if (!cur_skip(&rest, len))
			return DECODE_SHORT;
	} while (len > 0);
	*c = rest;
	return DECODE_OK;
}

/* RFC 1035 sections 4.1.2 and 4.1.3, from the owner name on. */
static enum decode
record_read(const struct dns_reader *reader, struct cursor *rest,
    struct dns_record *record)
{
	uint16_t rdata_len;
	enum decode rc;

	rc = name_begin(reader->message, *rest, &record->name_at);
	if (rc != DECODE_OK || (rc = dns_name_skip(rest)) != DECODE_OK)
		return rc;
	if (!cur_u16(rest, &record->type) || !cur_u16(rest, &record->rclass))
		return DECODE_SHORT;
	if (record->section == DNS_SECTION_QUESTION)
		return DECODE_OK;
	if (!cur_u32(rest, &record->ttl) || !cur_u16(rest, &rdata_len))
		return DECODE_SHORT;
	record->rdata_at = (uint16_t)(reader->message.left - rest->left);
	if (!cur_take(rest, rdata_len, &record->rdata))
		return DECODE_SHORT;
	return DECODE_OK;
}

bool
dns_next(struct dns_reader *reader, struct dns_record *out)
{
	struct dns_record record = { 0 };
	struct cursor rest = reader->rest;

	while (reader->section < DNS_SECTIONS &&
	       reader->left[reader->section] == 0)
		reader->section++;
	if (reader->section == DNS_SECTIONS || reader->verdict != DECODE_OK)
		return false;
	record.section = reader->section;
	reader->verdict = record_read(reader, &rest, &record);
	if (reader->verdict != DECODE_OK)
		return false;
	reader->left[reader->section]--;
	reader->rest = rest;
	*out = record;
	return true;
}

/* Octets of a label that are escaped: all but printable ASCII, '.' and '\'. */
static const uint8_t odd_octet[256] = {
	[0 ... 31] = 1,
	['.'] = 1,
	['\\'] = 1,
	[127 ... 255] = 1,
};

/* Writes a label in which something has to be escaped; returns its length. */
static size_t
label_escape(struct cursor label, char *to)
{
	size_t len = 0;
	uint8_t octet;

	while (cur_u8(&label, &octet)) {
		if (!odd_octet[octet]) {
			to[len++] = (char)octet;
			continue;
		}
		to[len++] = '\\';
		to[len++] = (char)('0' + octet / 100);
		to[len++] = (char)('0' + octet / 10 % 10);
		to[len++] = (char)('0' + octet % 10);
	}
	return len;
}

/*
 * The same for any label.  The octets are copied and looked at in one loop
 * that has no branch, and only a label that turns out odd is done again.
 */
static size_t
label_spell(struct cursor label, char *to)
{
	uint8_t odd = 0;
	size_t i;

	for (i = 0; i < label.left; i++) {
		to[i] = (char)label.at[i];
		odd |= odd_octet[label.at[i]];
	}
	return odd ? label_escape(label, to) : label.left;
}

/* dns_name_read, but for the length; *len counts text. */
static enum decode
name_spell(struct cursor message, size_t at, char *text, size_t *len)
{
	struct cursor part = message, label;
	size_t part_at = at, wire_len = 1;
	unsigned pointers = 0;
	enum decode rc;
	uint8_t octet;

	if (!cur_skip(&part, at))
		return DECODE_SHORT;
	for (;;) {
		if (!cur_u8(&part, &octet))
			return DECODE_SHORT;
		if (octet == 0)
			return DECODE_OK;
		if (is_pointer(octet)) {
			if (++pointers > POINTERS_MAX)
				return DECODE_MALFORMED;
			rc = pointer_follow(message, octet, &part, &part_at);
			if (rc != DECODE_OK)
				return rc;
			continue;
		}
		wire_len += 1u + octet;
		/* This is also what keeps the text within its bounds. */
		if (octet > LABEL_MAX || wire_len > NAME_WIRE_MAX)
			return DECODE_MALFORMED;
		if (!cur_take(&part, octet, &label))
			return DECODE_SHORT;
		if (*len > 0)
			text[(*len)++] = '.';
		*len += label_spell(label, text + *len);
	}
}

enum decode
dns_name_read(struct cursor message, size_t at, struct dns_name *out)
{
	size_t len = 0;
	enum decode rc = name_spell(message, at, out->text, &len);

	out->len = rc == DECODE_OK ? (uint16_t)len : 0;
	return rc;
}

enum decode
dns_tcp_next(struct cursor *stream, struct cursor *message)
{
	struct cursor rest = *stream;
	uint16_t len;

	if (!cur_u16(&rest, &len))
		return DECODE_SHORT;
	if (len < HEADER_LEN)
		return DECODE_MALFORMED;
	if (!cur_take(&rest, len, message))
		return DECODE_SHORT;
	*stream = rest;
	return DECODE_OK;
}
