#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <archive.h>
#include <archive_entry.h>
#include <cmocka.h>

#include "sensor/capture.h"
#include "sensor/reader.h"

/* Files are written octet by octet from their specifications. */

struct octets {
	uint8_t *at;
	size_t len, size;
	bool big_endian;
};

static void
put(struct octets *o, const void *from, size_t len)
{
	while (o->len + len > o->size) {
		o->size = o->size == 0 ? 256 : o->size * 2;
		o->at = realloc(o->at, o->size);
		assert_non_null(o->at);
	}
	if (len > 0)
		memcpy(o->at + o->len, from, len);
	o->len += len;
}

static void
put_int(struct octets *o, uint64_t value, unsigned len)
{
	uint8_t digits[8];

	for (unsigned i = 0; i < len; i++)
		digits[o->big_endian ? len - 1 - i : i] = (uint8_t)(value >>
								    8 * i);
	put(o, digits, len);
}

static void
put_u16(struct octets *o, uint16_t value)
{
	put_int(o, value, 2);
}

static void
put_u32(struct octets *o, uint32_t value)
{
	put_int(o, value, 4);
}

/* draft-ietf-opsawg-pcap, section 4 */
static void
put_pcap_header(struct octets *o, uint32_t magic, uint32_t snaplen,
    uint32_t link_type)
{
	put_u32(o, magic);
	put_u16(o, 2);
	put_u16(o, 4);
	put_u32(o, 0);
	put_u32(o, 0);
	put_u32(o, snaplen);
	put_u32(o, link_type);
}

/* Section 5. */
static void
put_pcap_record(struct octets *o, uint32_t seconds, uint32_t fraction,
    const char *octets, uint32_t wire_len)
{
	put_u32(o, seconds);
	put_u32(o, fraction);
	put_u32(o, (uint32_t)strlen(octets));
	put_u32(o, wire_len);
	put(o, octets, strlen(octets));
}

/* A good file: packets named after `name`, at the given seconds. */
static struct octets
pcap_at(const char *name, const uint32_t *seconds, size_t count)
{
	struct octets o = { 0 };
	char text[64];

	put_pcap_header(&o, 0xa1b2c3d4, 65535, 1);
	for (size_t i = 0; i < count; i++) {
		snprintf(text, sizeof(text), "%s%zu", name, i + 1);
		put_pcap_record(&o, seconds[i], 0, text,
		    (uint32_t)strlen(text));
	}
	return o;
}

/* draft-ietf-opsawg-pcapng, section 3.1 */
static void
put_block(struct octets *o, uint32_t type, const struct octets *body)
{
	uint32_t padding = -(uint32_t)body->len & 3;
	uint32_t len = (uint32_t)body->len + padding + 12;

	put_u32(o, type);
	put_u32(o, len);
	put(o, body->at, body->len);
	put(o, "\0\0\0", padding);
	put_u32(o, len);
}

static void
put_block_free(struct octets *o, uint32_t type, struct octets *body)
{
	put_block(o, type, body);
	free(body->at);
}

/* Section 4.1. */
static void
put_section(struct octets *o)
{
	struct octets body = { .big_endian = o->big_endian };

	put_u32(&body, 0x1a2b3c4d);
	put_u16(&body, 1);
	put_u16(&body, 0);
	put_u32(&body, UINT32_MAX);
	put_u32(&body, UINT32_MAX);
	put_block_free(o, 0x0a0d0d0a, &body);
}

#define NO_RESOLUTION (-1)

/* Section 4.2. */
static void
put_interface(struct octets *o, uint16_t link_type, uint32_t snaplen,
    int resolution, int64_t offset_s)
{
	struct octets body = { .big_endian = o->big_endian };

	put_u16(&body, link_type);
	put_u16(&body, 0);
	put_u32(&body, snaplen);
	if (resolution != NO_RESOLUTION) {
		put_u16(&body, 2); /* if_name, which is not ours to read */
		put_u16(&body, 3);
		put(&body, "eth\0", 4);
		put_u16(&body, 9);
		put_u16(&body, 1);
		put_int(&body, (uint64_t)resolution, 1);
		put(&body, "\0\0\0", 3);
		put_u16(&body, 14);
		put_u16(&body, 8);
		put_int(&body, (uint64_t)offset_s, 8);
		put_u32(&body, 0);
	}
	put_block_free(o, 1, &body);
}

/* Section 4.3. */
static void
put_enhanced(struct octets *o, uint32_t interface, uint64_t units,
    const char *octets, uint32_t wire_len)
{
	struct octets body = { .big_endian = o->big_endian };

	put_u32(&body, interface);
	put_u32(&body, (uint32_t)(units >> 32));
	put_u32(&body, (uint32_t)units);
	put_u32(&body, (uint32_t)strlen(octets));
	put_u32(&body, wire_len);
	put(&body, octets, strlen(octets));
	put_block_free(o, 6, &body);
}

/* Section 4.4. */
static void
put_simple(struct octets *o, const char *octets, uint32_t wire_len)
{
	struct octets body = { .big_endian = o->big_endian };

	put_u32(&body, wire_len);
	put(&body, octets, strlen(octets));
	put_block_free(o, 3, &body);
}

/* Appendix A. */
static void
put_obsolete(struct octets *o, uint16_t interface, uint64_t units,
    const char *octets, uint32_t wire_len)
{
	struct octets body = { .big_endian = o->big_endian };

	put_u16(&body, interface);
	put_u16(&body, 0xffff);
	put_u32(&body, (uint32_t)(units >> 32));
	put_u32(&body, (uint32_t)units);
	put_u32(&body, (uint32_t)strlen(octets));
	put_u32(&body, wire_len);
	put(&body, octets, strlen(octets));
	put_block_free(o, 2, &body);
}

/* Each test has a directory to write into, and is in it. */

static char top[64];

static int
enter_directory(void **state)
{
	(void)state;
	snprintf(top, sizeof(top), "/tmp/test_capture.XXXXXX");
	return mkdtemp(top) == NULL || chdir(top) == -1;
}

static int
remove_entry(const char *path, const struct stat *about, int type,
    struct FTW *where)
{
	(void)about;
	(void)type;
	(void)where;
	return remove(path);
}

static int
leave_directory(void **state)
{
	(void)state;
	return chdir("/") == -1 ||
	       nftw(top, remove_entry, 16, FTW_DEPTH | FTW_PHYS) == -1;
}

static void
write_file(const char *name, const void *octets, size_t len)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(octets, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

/* Writes and frees. */
static void
write_octets(const char *name, struct octets o)
{
	write_file(name, o.at, o.len);
	free(o.at);
}

static void
write_pcap(const char *name, const char *packets, const uint32_t *seconds,
    size_t count)
{
	write_octets(name, pcap_at(packets, seconds, count));
}

#define SECONDS(...)                                                           \
	(const uint32_t[]){ __VA_ARGS__ },                                     \
	    sizeof((const uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t)

/* What a capture gave, as text: "source number time link caplen/wire octets" */

struct run {
	struct capture *capture;
	char *packets;
	size_t packets_len;
	FILE *packets_file;
	char *reports;
	size_t reports_len;
	FILE *reports_file;
	struct capture_counts counts;
	uint64_t done, total;
	bool names_only; /* the octets, and nothing else */
};

static void
on_packets(void *arg, const struct packet *packets, size_t count)
{
	struct run *run = arg;

	assert_in_range(count, 1, CAPTURE_BATCH_MAX);
	for (size_t i = 0; i < count; i++) {
		const struct packet *p = &packets[i];

		if (run->names_only)
			fprintf(run->packets_file, "%.*s ", (int)p->caplen,
			    (const char *)p->octets);
		else
			fprintf(run->packets_file,
			    "%s %llu %llu.%06llu %u %u/%u %.*s\n",
			    capture_source_name(run->capture, p->source),
			    (unsigned long long)p->number,
			    (unsigned long long)(p->time_us / 1000000),
			    (unsigned long long)(p->time_us % 1000000),
			    p->link_type, p->caplen, p->wire_len,
			    (int)p->caplen, (const char *)p->octets);
	}
}

static void
on_report(void *arg, const char *message)
{
	struct run *run = arg;

	assert_null(strchr(message, '\n'));
	fprintf(run->reports_file, "%s\n", message);
}

static void
run_end(struct run *run)
{
	free(run->packets);
	free(run->reports);
}

/* Reads it all; `options` without report. */
static struct run
run_with(struct stored_options options, bool names_only)
{
	struct run run = { .names_only = names_only };
	char error[512];

	run.packets_file = open_memstream(&run.packets, &run.packets_len);
	run.reports_file = open_memstream(&run.reports, &run.reports_len);
	options.report = on_report;
	options.report_arg = &run;
	if (capture_open_stored(&options, &run.capture, error, sizeof(error)) ==
	    -1)
		fail_msg("%s", error);
	while (capture_poll(run.capture, on_packets, &run) != CAPTURE_END)
		;
	capture_get_counts(run.capture, &run.counts);
	capture_progress(run.capture, &run.done, &run.total);
	capture_free(run.capture);
	fclose(run.packets_file);
	fclose(run.reports_file);
	return run;
}

#define PATHS(...)                                                             \
	.paths = (const char *const[]){ __VA_ARGS__ },                         \
	.path_count = sizeof((const char *const[]){ __VA_ARGS__ }) /           \
	              sizeof(const char *)

static struct run
run_path(const char *path)
{
	return run_with((struct stored_options){ .paths = &path,
			    .path_count = 1 },
	    false);
}

/* The packets of a file, and nothing to report. */
static void
expect(const char *path, const char *packets)
{
	struct run run = run_path(path);

	assert_string_equal(run.reports, "");
	assert_string_equal(run.packets, packets);
	assert_int_equal(run.counts.files, 1);
	assert_int_equal(run.counts.failed_files, 0);
	run_end(&run);
}

/* The packets of a file that fails, and what is reported. */
static void
expect_failure(const char *path, const char *packets, const char *reports)
{
	struct run run = run_path(path);

	assert_string_equal(run.reports, reports);
	assert_string_equal(run.packets, packets);
	assert_int_equal(run.counts.files, 0);
	assert_int_equal(run.counts.failed_files, 1);
	run_end(&run);
}

static void
pcap_is_read_in_both_byte_orders_and_both_clocks(void **state)
{
	static const struct {
		uint32_t magic;
		bool big_endian;
		const char *fraction;
	} cases[] = {
		{ 0xa1b2c3d4, false, "123456" },
		{ 0xa1b2c3d4, true, "123456" },
		{ 0xa1b23c4d, false, "000123" },
		{ 0xa1b23c4d, true, "000123" },
	};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct octets o = { .big_endian = cases[i].big_endian };
		char packets[128];

		put_pcap_header(&o, cases[i].magic, 65535, 113);
		put_pcap_record(&o, 1774915263, 123456, "hello", 1400);
		put_pcap_record(&o, 1774915264, 123456, "", 0);
		write_octets("a.pcap", o);
		snprintf(packets, sizeof(packets),
		    "a.pcap 1 1774915263.%s 113 5/1400 hello\n"
		    "a.pcap 2 1774915264.%s 113 0/0 \n",
		    cases[i].fraction, cases[i].fraction);
		expect("a.pcap", packets);
	}
}

static void
pcap_of_a_patched_libpcap_has_longer_record_headers(void **state)
{
	struct octets o = { 0 };

	(void)state;
	put_pcap_header(&o, 0xa1b2cd34, 65535, 1);
	put_u32(&o, 7);
	put_u32(&o, 8);
	put_u32(&o, 2);
	put_u32(&o, 60);
	put(&o, "\1\0\0\0\0\10\0\0", 8); /* interface, protocol, type */
	put(&o, "ab", 2);
	write_octets("a.pcap", o);
	expect("a.pcap", "a.pcap 1 7.000008 1 2/60 ab\n");
}

static void
pcap_link_type_is_the_lower_half_and_raw_has_three_numbers(void **state)
{
	static const struct {
		uint32_t in_file;
		const char *packets;
	} cases[] = {
		/* FCS of 4 octets present, draft section 4 */
		{ 0x24000001, "a.pcap 1 1.000000 1 1/1 x\n" },
		{ 101, "a.pcap 1 1.000000 101 1/1 x\n" },
		{ 12, "a.pcap 1 1.000000 101 1/1 x\n" },
		{ 14, "a.pcap 1 1.000000 101 1/1 x\n" },
	};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct octets o = { 0 };

		put_pcap_header(&o, 0xa1b2c3d4, 0, cases[i].in_file);
		put_pcap_record(&o, 1, 0, "x", 1);
		write_octets("a.pcap", o);
		expect("a.pcap", cases[i].packets);
	}
}

static void
pcap_before_version_2_4_may_have_its_lengths_swapped(void **state)
{
	static const struct {
		uint16_t minor;
		uint32_t first, second;
	} cases[] = { { 2, 60, 2 }, { 3, 60, 2 }, { 3, 2, 60 }, { 4, 2, 60 } };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct octets o = { 0 };

		put_pcap_header(&o, 0xa1b2c3d4, 65535, 1);
		o.at[6] = (uint8_t)cases[i].minor;
		put_u32(&o, 1);
		put_u32(&o, 0);
		put_u32(&o, cases[i].first);
		put_u32(&o, cases[i].second);
		put(&o, "ab", 2);
		write_octets("a.pcap", o);
		expect("a.pcap", "a.pcap 1 1.000000 1 2/60 ab\n");
	}
}

static void
pcap_of_an_unknown_version_is_refused(void **state)
{
	struct octets o = { 0 };

	(void)state;
	put_pcap_header(&o, 0xa1b2c3d4, 65535, 1);
	o.at[4] = 3;
	write_octets("a.pcap", o);
	expect_failure("a.pcap", "",
	    "a.pcap: packet 1: pcap version 3.4 is not known\n");
}

static void
pcap_without_packets_is_fine(void **state)
{
	(void)state;
	write_octets("a.pcap", pcap_at("", NULL, 0));
	expect("a.pcap", "");
}

static void
wire_length_is_never_less_than_the_captured(void **state)
{
	struct octets o = { 0 };

	(void)state;
	put_pcap_header(&o, 0xa1b2c3d4, 65535, 1);
	put_pcap_record(&o, 1, 0, "abc", 2);
	write_octets("a.pcap", o);
	expect("a.pcap", "a.pcap 1 1.000000 1 3/3 abc\n");
}

static void
truncated_pcap_gives_the_packets_before(void **state)
{
	struct octets o = pcap_at("p", SECONDS(1, 2));

	(void)state;
	write_file("a.pcap", o.at, o.len - 1);
	expect_failure("a.pcap", "a.pcap 1 1.000000 1 2/2 p1\n",
	    "a.pcap: packet 2: cut short: 17 octets where 18 should be\n");
	write_file("a.pcap", o.at, 24 + 18 + 3);
	expect_failure("a.pcap", "a.pcap 1 1.000000 1 2/2 p1\n",
	    "a.pcap: packet 2: cut short: 3 octets where 16 should be\n");
	write_file("a.pcap", o.at, 10);
	expect_failure("a.pcap", "",
	    "a.pcap: packet 1: cut short: 10 octets where 24 should be\n");
	free(o.at);
}

static void
corrupt_pcap_gives_the_packets_before(void **state)
{
	struct octets o = pcap_at("p", SECONDS(1));

	(void)state;
	put_u32(&o, 2);
	put_u32(&o, 0);
	put_u32(&o, 262145);
	put_u32(&o, 262145);
	write_octets("a.pcap", o);
	expect_failure("a.pcap", "a.pcap 1 1.000000 1 2/2 p1\n",
	    "a.pcap: packet 2: captured length of 262145 octets, "
	    "over the limit of 262144\n");
}

static void
zeros_after_a_crash_are_not_packets(void **state)
{
	struct octets o = pcap_at("p", SECONDS(1));

	(void)state;
	for (int i = 0; i < 100; i++)
		put_u32(&o, 0);
	write_octets("a.pcap", o);
	expect_failure("a.pcap", "a.pcap 1 1.000000 1 2/2 p1\n",
	    "a.pcap: packet 2: zeros where a record should be\n");
}

static void
pcapng_interfaces_have_their_own_link_type_and_clock(void **state)
{
	(void)state;
	for (int big_endian = 0; big_endian < 2; big_endian++) {
		struct octets o = { .big_endian = big_endian };

		put_section(&o);
		put_interface(&o, 1, 0, NO_RESOLUTION, 0);
		put_interface(&o, 113, 96, 9, 0);
		put_interface(&o, 101, 0, 0x80 | 10, 0);
		put_interface(&o, 1, 0, 3, -100);
		put_enhanced(&o, 0, 1774915263123456, "one", 60);
		put_enhanced(&o, 1, 1774915263123456789, "four", 1500);
		put_enhanced(&o, 2, (1774915264ull << 10) + 512, "half", 4);
		put_enhanced(&o, 3, 1774915365250, "quarter", 7);
		write_octets("a.pcapng", o);
		expect("a.pcapng",
		    "a.pcapng 1 1774915263.123456 1 3/60 one\n"
		    "a.pcapng 2 1774915263.123456 113 4/1500 four\n"
		    "a.pcapng 3 1774915264.500000 101 4/4 half\n"
		    "a.pcapng 4 1774915265.250000 1 7/7 quarter\n");
	}
}

static void
pcapng_times_out_of_range_are_cut(void **state)
{
	struct octets o = { 0 };

	(void)state;
	put_section(&o);
	put_interface(&o, 1, 0, 0, 0);
	put_interface(&o, 1, 0, 6, INT64_MIN);
	put_interface(&o, 1, 0, 6, INT64_MAX);
	put_interface(&o, 1, 0, 127, 5);
	put_interface(&o, 1, 0, 0x80 | 127, 6);
	put_interface(&o, 1, 0, 0x80, 0);
	for (uint32_t i = 0; i < 6; i++)
		put_enhanced(&o, i, UINT64_MAX, "x", 1);
	write_octets("a.pcapng", o);
	expect("a.pcapng", "a.pcapng 1 253402300799.999999 1 1/1 x\n"
			   "a.pcapng 2 0.000000 1 1/1 x\n"
			   "a.pcapng 3 253402300799.999999 1 1/1 x\n"
			   "a.pcapng 4 5.000000 1 1/1 x\n"
			   "a.pcapng 5 6.000000 1 1/1 x\n"
			   "a.pcapng 6 253402300799.999999 1 1/1 x\n");
}

static void
pcapng_sections_have_their_own_byte_order_and_interfaces(void **state)
{
	struct octets o = { 0 };

	(void)state;
	put_section(&o);
	put_interface(&o, 1, 0, NO_RESOLUTION, 0);
	put_interface(&o, 1, 0, NO_RESOLUTION, 0);
	put_enhanced(&o, 1, 1000000, "a", 1);
	o.big_endian = true;
	put_section(&o);
	put_interface(&o, 276, 0, NO_RESOLUTION, 0);
	put_enhanced(&o, 0, 2000000, "b", 1);
	put_enhanced(&o, 1, 3000000, "c", 1);
	write_octets("a.pcapng", o);
	expect_failure("a.pcapng",
	    "a.pcapng 1 1.000000 1 1/1 a\na.pcapng 2 2.000000 276 1/1 b\n",
	    "a.pcapng: packet 3: interface 1 is not described, "
	    "only 1 are\n");
}

static void
pcapng_simple_and_obsolete_blocks_are_packets(void **state)
{
	struct octets o = { 0 };
	struct octets unknown = { 0 };

	(void)state;
	put_section(&o);
	put_interface(&o, 1, 3, NO_RESOLUTION, 0);
	put_simple(&o, "abc", 60);
	put_obsolete(&o, 0, 5000000, "old", 50);
	put_u32(&unknown, 12345);
	put_block_free(&o, 0x0bad, &unknown);
	put_simple(&o, "de", 2);
	write_octets("a.pcapng", o);
	expect("a.pcapng", "a.pcapng 1 0.000000 1 3/60 abc\n"
			   "a.pcapng 2 5.000000 1 3/50 old\n"
			   "a.pcapng 3 5.000000 1 2/2 de\n");
}

/* A good start and one packet; then `value` is put at `offset` behind it. */
static void
expect_corrupt_block(size_t offset, uint32_t value, const char *why)
{
	struct octets o = { 0 };
	char report[256];
	size_t good;

	put_section(&o);
	put_interface(&o, 1, 0, NO_RESOLUTION, 0);
	put_enhanced(&o, 0, 1000000, "good", 4);
	good = o.len;
	put_enhanced(&o, 0, 2000000, "bad!", 4);
	memcpy(o.at + good + offset, &value, sizeof(value));
	write_octets("a.pcapng", o);
	snprintf(report, sizeof(report), "a.pcapng: packet 2: %s\n", why);
	expect_failure("a.pcapng", "a.pcapng 1 1.000000 1 4/4 good\n", report);
}

static void
corrupt_pcapng_gives_the_packets_before(void **state)
{
	(void)state;
	expect_corrupt_block(4, 8, "block length of 8 octets");
	expect_corrupt_block(4, 35, "block length of 35 octets");
	expect_corrupt_block(4, 1u << 25, "block length of 33554432 octets");
	expect_corrupt_block(32, 40,
	    "block length is 36 at its start and 40 at its end");
	expect_corrupt_block(20, 5,
	    "captured length of 5 octets, but the block has only 4");
	expect_corrupt_block(8, 1, "interface 1 is not described, only 1 are");
	expect_corrupt_block(4, 1024,
	    "cut short: 36 octets where 1024 should be");
}

static void
empty_and_foreign_files_are_failures(void **state)
{
	(void)state;
	write_file("empty.pcap", "", 0);
	expect_failure("empty.pcap", "", "empty.pcap: empty file\n");
	write_file("notes.txt", "no packets", 10);
	expect_failure("notes.txt", "",
	    "notes.txt: not a capture: neither pcap nor pcapng, nor "
	    "compressed (gzip, bzip2, xz, zstd, lz4), nor an archive "
	    "(zip, tar) with one inside\n");
	write_file("x", "x", 1);
	expect_failure("x", "",
	    "x: not a capture: neither pcap nor pcapng, nor compressed "
	    "(gzip, bzip2, xz, zstd, lz4), nor an archive (zip, tar) with "
	    "one inside\n");
}

static void
reports_have_no_control_characters(void **state)
{
	(void)state;
	write_file("a\nb\033.pcap", "", 0);
	expect_failure("a\nb\033.pcap", "", "a?b?.pcap: empty file\n");
}

static void
overlapping_files_are_merged_by_time(void **state)
{
	struct run run;

	(void)state;
	write_pcap("a", "a", SECONDS(10, 20, 30, 40));
	write_pcap("b", "b", SECONDS(5, 20, 35));
	write_pcap("c", "c", SECONDS(20, 50));
	run = run_with((struct stored_options){ PATHS("c", "b", "a") }, true);
	assert_string_equal(run.packets, "b1 a1 c1 b2 a2 a3 b3 a4 c2 ");
	assert_int_equal(run.counts.files, 3);
	assert_int_equal(run.counts.packets, 9);
	assert_int_equal(run.counts.octets, 18);
	assert_int_equal(run.counts.time_reversals, 0);
	assert_int_equal(run.done, run.total);
	assert_int_equal(run.total, 3 * 24 + 9 * 18);
	run_end(&run);
}

static void
packets_of_a_file_stay_in_its_order(void **state)
{
	struct run run;

	(void)state;
	write_pcap("a", "a", SECONDS(10, 30, 20, 40));
	write_pcap("b", "b", SECONDS(25, 35));
	run = run_with((struct stored_options){ PATHS("a", "b") }, true);
	assert_string_equal(run.packets, "a1 b1 a2 a3 b2 a4 ");
	assert_int_equal(run.counts.time_reversals, 1);
	run_end(&run);
}

static void
long_files_are_merged_across_batches(void **state)
{
	struct octets a = { 0 }, b = { 0 };
	struct run run;
	size_t at = 0;

	(void)state;
	put_pcap_header(&a, 0xa1b2c3d4, 65535, 1);
	put_pcap_header(&b, 0xa1b2c3d4, 65535, 1);
	for (uint32_t i = 0; i < 20000; i++)
		put_pcap_record(i % 7 < 4 ? &a : &b, i, 0, "0123456789", 10);
	write_octets("a", a);
	write_octets("b", b);
	run = run_with((struct stored_options){ PATHS("a", "b") }, false);
	for (uint32_t i = 0; i < 20000; i++) {
		unsigned long long number, seconds;
		char name;

		assert_int_equal(sscanf(run.packets + at,
				     "%c %llu %llu.000000 1 10/10 0123456789",
				     &name, &number, &seconds),
		    3);
		assert_int_equal(name, i % 7 < 4 ? 'a' : 'b');
		assert_int_equal(seconds, i);
		at = (size_t)(strchr(run.packets + at, '\n') + 1 - run.packets);
	}
	assert_int_equal(run.packets[at], '\0');
	assert_int_equal(run.counts.time_reversals, 0);
	run_end(&run);
}

static void
directory_is_read_recursively_and_what_is_no_capture_skipped(void **state)
{
	struct run run;

	(void)state;
	assert_int_equal(mkdir("d", 0700), 0);
	assert_int_equal(mkdir("d/sub", 0700), 0);
	write_pcap("d/z.pcap", "z", SECONDS(1, 9));
	write_pcap("d/sub/y.bin", "y", SECONDS(5));
	write_file("d/README", "about", 5);
	assert_int_equal(symlink("../d", "d/loop"), 0);
	assert_int_equal(symlink("nowhere", "d/dangling"), 0);
	assert_int_equal(mkfifo("d/fifo", 0600), 0);
	run = run_path("d");
	assert_string_equal(run.packets, "d/z.pcap 1 1.000000 1 2/2 z1\n"
					 "d/sub/y.bin 1 5.000000 1 2/2 y1\n"
					 "d/z.pcap 2 9.000000 1 2/2 z2\n");
	assert_string_equal(run.reports, "d/README: not a capture, skipped\n");
	assert_int_equal(run.counts.files, 2);
	assert_int_equal(run.counts.failed_files, 0);
	run_end(&run);
}

static void
directory_without_a_capture_is_a_failure(void **state)
{
	struct run run;

	(void)state;
	assert_int_equal(mkdir("d", 0700), 0);
	write_file("d/README", "about", 5);
	run = run_path("d");
	assert_string_equal(run.reports,
	    "d/README: not a capture, skipped\nd: no capture in it\n");
	assert_int_equal(run.counts.failed_files, 1);
	run_end(&run);
}

static void
bad_file_does_not_stop_the_others(void **state)
{
	struct octets o = pcap_at("t", SECONDS(1, 3));
	struct run run;

	(void)state;
	write_file("truncated", o.at, o.len - 1);
	free(o.at);
	write_file("empty", "", 0);
	write_pcap("good", "g", SECONDS(2, 4));
	run = run_with((struct stored_options){ PATHS("truncated", "empty",
			   "good") },
	    true);
	assert_string_equal(run.packets, "t1 g1 g2 ");
	assert_string_equal(run.reports,
	    "empty: empty file\n"
	    "truncated: packet 2: cut short: 17 octets where 18 should be\n");
	assert_int_equal(run.counts.files, 1);
	assert_int_equal(run.counts.failed_files, 2);
	run_end(&run);
}

static void
many_files_are_not_open_at_once(void **state)
{
	const char *directory = "d";
	struct stored_options options = { .paths = &directory,
		.path_count = 1 };
	struct run run;
	char name[32];

	(void)state;
	assert_int_equal(mkdir("d", 0700), 0);
	for (uint32_t i = 0; i < 700; i++) {
		snprintf(name, sizeof(name), "d/%04u", i);
		write_pcap(name, "p", SECONDS(700 - i, 1000));
	}
	run = run_with(options, true);
	/* All overlap; what cannot be open in time is read late, not lost. */
	assert_int_equal(run.counts.packets, 1400);
	assert_int_equal(run.counts.files, 700);
	assert_string_equal(run.reports,
	    "d/0443: more than 256 captures overlap in time: "
	    "some are read late\n");
	run_end(&run);
}

static void
missing_path_is_an_error_at_the_start(void **state)
{
	struct stored_options options = { PATHS("nothing") };
	struct capture *capture;
	char error[512];

	(void)state;
	assert_int_equal(capture_open_stored(&options, &capture, error,
			     sizeof(error)),
	    -1);
	assert_string_equal(error, "nothing: No such file or directory");
	assert_int_equal(mkdir("d", 0700), 0);
	options.paths = &(const char *){ "d" };
	assert_int_equal(capture_open_stored(&options, &capture, error,
			     sizeof(error)),
	    -1);
	assert_string_equal(error, "d: no files in it");
}

/* An Ethernet frame with an IPv4 UDP datagram to `port`. */
static void
put_udp_record(struct octets *o, uint16_t port)
{
	uint8_t frame[60] = { [12] = 0x08,
		[14] = 0x45,
		[17] = 46,
		[22] = 64,
		[23] = 17,
		[36] = (uint8_t)(port >> 8),
		[37] = (uint8_t)port };

	put_u32(o, 1);
	put_u32(o, 0);
	put_u32(o, sizeof(frame));
	put_u32(o, sizeof(frame));
	put(o, frame, sizeof(frame));
}

static void
filter_leaves_packets_out_and_counts_them(void **state)
{
	struct octets o = { 0 };
	struct run run;

	(void)state;
	put_pcap_header(&o, 0xa1b2c3d4, 65535, 1);
	for (uint16_t port = 50; port < 150; port++)
		put_udp_record(&o, port);
	write_octets("a", o);
	run = run_with((struct stored_options){ PATHS("a"),
			   .filter = "udp port 53 or udp port 123" },
	    false);
	assert_int_equal(strncmp(run.packets, "a 4 ", 4), 0);
	assert_int_equal(run.counts.packets, 2);
	assert_int_equal(run.counts.filtered, 98);
	run_end(&run);
}

static void
filter_is_compiled_for_each_link_type(void **state)
{
	struct octets o = { 0 };
	struct run run;

	(void)state;
	put_section(&o);
	put_interface(&o, 1, 0, NO_RESOLUTION, 0);
	put_interface(&o, 101, 0, NO_RESOLUTION, 0);
	put_interface(&o, 220, 0, NO_RESOLUTION, 0); /* USB: no such thing */
	put_enhanced(&o, 0, 1, "abcdefghijkl\x08\x06", 14);
	put_enhanced(&o, 1, 2, "Exxxxxxxxxxxxxxxxxxxxxxxxxxx", 28);
	put_enhanced(&o, 2, 3, "usb", 3);
	put_enhanced(&o, 2, 4, "usb", 3);
	write_octets("a", o);
	run = run_with((struct stored_options){ PATHS("a"), .filter = "ip" },
	    true);
	assert_string_equal(run.packets, "Exxxxxxxxxxxxxxxxxxxxxxxxxxx ");
	assert_int_equal(run.counts.filtered, 3);
	assert_int_equal(strncmp(run.reports,
			     "a: packet 3: filter: not for link type 220: ",
			     44),
	    0);
	assert_ptr_equal(strchr(run.reports, '\n'),
	    run.reports + run.reports_len - 1);
	run_end(&run);
}

static void
bad_filter_is_an_error_at_the_start(void **state)
{
	struct stored_options options = { PATHS("a"), .filter = "prot 53" };
	struct capture *capture;
	char error[512];

	(void)state;
	write_pcap("a", "a", SECONDS(1));
	assert_int_equal(capture_open_stored(&options, &capture, error,
			     sizeof(error)),
	    -1);
	assert_int_equal(strncmp(error, "filter \"prot 53\": ", 18), 0);
}

/* Archives, written by libarchive. */

struct member {
	const char *name;
	struct octets octets;
};

static void
write_archive(const char *name, int format, int filter, const char *options,
    const struct member *members, size_t count)
{
	struct archive *a = archive_write_new();
	struct archive_entry *entry;

	assert_int_equal(archive_write_set_format(a, format), ARCHIVE_OK);
	assert_int_equal(archive_write_add_filter(a, filter), ARCHIVE_OK);
	if (options != NULL) {
		assert_int_equal(archive_write_set_options(a, options),
		    ARCHIVE_OK);
		archive_write_set_passphrase(a, "infected");
	}
	assert_int_equal(archive_write_open_filename(a, name), ARCHIVE_OK);
	for (size_t i = 0; i < count; i++) {
		entry = archive_entry_new();
		archive_entry_set_pathname(entry, members[i].name);
		archive_entry_set_size(entry, (int64_t)members[i].octets.len);
		archive_entry_set_filetype(entry, AE_IFREG);
		archive_entry_set_perm(entry, 0600);
		assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
		assert_int_equal(archive_write_data(a, members[i].octets.at,
				     members[i].octets.len),
		    members[i].octets.len);
		archive_entry_free(entry);
	}
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
}

static void
write_zip(const char *name, const char *options)
{
	struct member members[] = {
		{ "late.pcap", pcap_at("l", SECONDS(3, 5)) },
		{ "early.pcap", pcap_at("e", SECONDS(1, 4)) },
	};

	write_archive(name, ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, options,
	    members, 2);
	free(members[0].octets.at);
	free(members[1].octets.at);
}

static const int compressions[] = { ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_BZIP2,
	ARCHIVE_FILTER_XZ, ARCHIVE_FILTER_ZSTD, ARCHIVE_FILTER_LZ4 };

static void
compressed_captures_are_recognised_by_content(void **state)
{
	struct member member = { "m", pcap_at("c", SECONDS(1, 2)) };

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		write_archive("a.pcap", ARCHIVE_FORMAT_RAW, compressions[i],
		    NULL, &member, 1);
		expect("a.pcap", "a.pcap 1 1.000000 1 2/2 c1\n"
				 "a.pcap 2 2.000000 1 2/2 c2\n");
	}
	free(member.octets.at);
}

static void
compressed_captures_may_be_larger_than_any_buffer(void **state)
{
	struct member member = { "m", { 0 } };
	char *octets = calloc(1, 262145);
	struct run run;

	(void)state;
	memset(octets, 'x', 262144);
	put_pcap_header(&member.octets, 0xa1b2c3d4, 262144, 1);
	for (uint32_t i = 0; i < 20; i++) {
		put_pcap_record(&member.octets, i, 1, octets, 262144);
		put_pcap_record(&member.octets, i, 2, "small", 5);
	}
	for (size_t i = 0; i < 5; i++) {
		write_archive("a", ARCHIVE_FORMAT_RAW, compressions[i], NULL,
		    &member, 1);
		run = run_path("a");
		assert_int_equal(run.counts.packets, 40);
		assert_int_equal(run.counts.octets, 20 * (262144 + 5));
		assert_int_equal(run.counts.files, 1);
		assert_int_equal(run.done, run.total);
		run_end(&run);
	}
	free(member.octets.at);
	free(octets);
}

static const char zip_packets[] = "a.zip:early.pcap 1 1.000000 1 2/2 e1\n"
				  "a.zip:late.pcap 1 3.000000 1 2/2 l1\n"
				  "a.zip:early.pcap 2 4.000000 1 2/2 e2\n"
				  "a.zip:late.pcap 2 5.000000 1 2/2 l2\n";

static void
zip_members_are_sources_and_merged(void **state)
{
	struct run run;

	(void)state;
	write_zip("a.zip", NULL);
	run = run_path("a.zip");
	assert_string_equal(run.packets, zip_packets);
	assert_string_equal(run.reports, "");
	assert_int_equal(run.counts.files, 2);
	run_end(&run);
}

static const char *const encryptions[] = { "zip:encryption=zipcrypt",
	"zip:encryption=aes128", "zip:encryption=aes256" };

static void
encrypted_zip_is_read_with_its_password(void **state)
{
	struct run run;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		write_zip("a.zip", encryptions[i]);
		run = run_with((struct stored_options){ PATHS("a.zip"),
				   .zip_password = "infected" },
		    false);
		assert_string_equal(run.packets, zip_packets);
		assert_string_equal(run.reports, "");
		run_end(&run);
	}
}

static void
encrypted_zip_without_its_password_names_the_option(void **state)
{
	struct run run;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		write_zip("a.zip", encryptions[i]);
		run = run_path("a.zip");
		assert_string_equal(run.reports,
		    "a.zip:late.pcap: encrypted: "
		    "give its password with --zip-password\n"
		    "a.zip:early.pcap: encrypted: "
		    "give its password with --zip-password\n");
		assert_int_equal(run.counts.failed_files, 2);
		run_end(&run);
		run = run_with((struct stored_options){ PATHS("a.zip"),
				   .zip_password = "wrong" },
		    false);
		assert_string_equal(run.packets, "");
		assert_non_null(strstr(run.reports, "--zip-password"));
		assert_int_not_equal(run.counts.failed_files, 0);
		run_end(&run);
	}
}

static struct octets
read_file(const char *name)
{
	struct octets o = { 0 };
	FILE *file = fopen(name, "r");
	char buffer[4096];
	size_t got;

	assert_non_null(file);
	while ((got = fread(buffer, 1, sizeof(buffer), file)) > 0)
		put(&o, buffer, got);
	fclose(file);
	return o;
}

static void
compressed_member_of_a_zip_is_read_and_others_are_skipped(void **state)
{
	struct member raw = { "m", pcap_at("c", SECONDS(1)) };
	struct member members[3] = { { "README", { 0 } }, { "c.gz", { 0 } },
		{ "inner.zip", { 0 } } };
	struct run run;

	(void)state;
	write_archive("c.gz", ARCHIVE_FORMAT_RAW, ARCHIVE_FILTER_GZIP, NULL,
	    &raw, 1);
	write_zip("inner.zip", NULL);
	put(&members[0].octets, "read me", 7);
	members[1].octets = read_file("c.gz");
	members[2].octets = read_file("inner.zip");
	write_archive("a.zip", ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, NULL,
	    members, 3);
	run = run_path("a.zip");
	assert_string_equal(run.packets, "a.zip:c.gz 1 1.000000 1 2/2 c1\n");
	assert_string_equal(run.reports,
	    "a.zip:README: not a capture, skipped\n"
	    "a.zip:inner.zip: not a capture, skipped\n");
	assert_int_equal(run.counts.failed_files, 0);
	run_end(&run);
	free(raw.octets.at);
	for (size_t i = 0; i < 3; i++)
		free(members[i].octets.at);
}

static void
archive_without_a_capture_is_a_failure(void **state)
{
	struct member member = { "README", { 0 } };

	(void)state;
	put(&member.octets, "read me", 7);
	write_archive("a.zip", ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, NULL,
	    &member, 1);
	expect_failure("a.zip", "",
	    "a.zip:README: not a capture, skipped\n"
	    "a.zip: no capture in it\n");
	write_archive("a.gz", ARCHIVE_FORMAT_RAW, ARCHIVE_FILTER_GZIP, NULL,
	    &member, 1);
	expect_failure("a.gz", "",
	    "a.gz: not a capture, skipped\na.gz: no capture in it\n");
	free(member.octets.at);
}

static void
compressed_tar_is_an_archive(void **state)
{
	struct member members[] = {
		{ "b.pcap", pcap_at("b", SECONDS(2, 3)) },
		{ "a.pcap", pcap_at("a", SECONDS(1, 2)) },
	};
	struct run run;

	(void)state;
	write_archive("a.tgz", ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_GZIP,
	    NULL, members, 2);
	run = run_with((struct stored_options){ PATHS("a.tgz") }, true);
	assert_string_equal(run.packets, "a1 b1 a2 b2 ");
	run_end(&run);
	free(members[0].octets.at);
	free(members[1].octets.at);
}

/* Incompressible, so that what is cut off is as long as it looks. */
static struct octets
noise_pcap(uint32_t count)
{
	struct octets o = { 0 };
	char text[201] = { 0 };
	uint64_t state = 1;

	put_pcap_header(&o, 0xa1b2c3d4, 65535, 1);
	for (uint32_t i = 0; i < count; i++) {
		for (size_t j = 0; j < 200; j++) {
			state = state * 6364136223846793005ull + 1;
			text[j] = (char)(1 + (state >> 33) % 255);
		}
		put_pcap_record(&o, i, 0, text, 200);
	}
	return o;
}

static void
truncated_compression_gives_the_packets_before(void **state)
{
	struct member member = { "m", noise_pcap(5000) };

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct octets whole;
		struct run run;

		write_archive("a", ARCHIVE_FORMAT_RAW, compressions[i], NULL,
		    &member, 1);
		whole = read_file("a");
		write_file("a", whole.at, whole.len * 3 / 4);
		run = run_path("a");
		/*
		 * libarchive keeps the last block to itself: up to 128 KiB, or
		 * all of this file where blocks are large.
		 */
		assert_in_range(run.counts.packets,
		    compressions[i] == ARCHIVE_FILTER_BZIP2 ||
			    compressions[i] == ARCHIVE_FILTER_LZ4
			? 0
			: 3000,
		    3800);
		assert_int_equal(run.counts.files, 0);
		assert_int_equal(run.counts.failed_files, 1);
		assert_int_equal(strncmp(run.reports, "a: ", 3), 0);
		run_end(&run);
		free(whole.at);
	}
	free(member.octets.at);
}

static void
damaged_zip_member_does_not_hide_the_others(void **state)
{
	/* In the first block of its data, and in a later one. */
	static const size_t damage[] = { 40, 300000 };
	struct member members[] = {
		{ "a", noise_pcap(3000) },
		{ "b", pcap_at("b", SECONDS(7)) },
	};
	struct octets whole;
	struct run run;

	(void)state;
	write_archive("good.zip", ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, NULL,
	    members, 2);
	for (size_t i = 0; i < 2; i++) {
		whole = read_file("good.zip");
		memset(whole.at + damage[i], 0xff, 1000);
		write_octets("a.zip", whole);
		run = run_path("a.zip");
		assert_int_equal(run.counts.failed_files, 1);
		assert_int_equal(run.counts.files, 1);
		assert_non_null(
		    strstr(run.packets, "a.zip:b 1 7.000000 1 2/2 b1\n"));
		run_end(&run);
	}
	free(members[0].octets.at);
	free(members[1].octets.at);
}

/* Standard input, from another process that writes in small pieces. */

static pid_t
feed_standard_input(const struct octets *o, size_t piece, int *saved)
{
	int ends[2];
	pid_t pid;

	*saved = dup(STDIN_FILENO);
	assert_int_equal(pipe(ends), 0);
	if ((pid = fork()) == 0) {
		close(ends[0]);
		for (size_t at = 0; at < o->len; at += piece) {
			size_t len = o->len - at < piece ? o->len - at : piece;

			if (write(ends[1], o->at + at, len) != (ssize_t)len)
				_exit(1);
		}
		_exit(0);
	}
	close(ends[1]);
	dup2(ends[0], STDIN_FILENO);
	close(ends[0]);
	return pid;
}

static struct run
run_fed(const struct octets *o, size_t piece)
{
	int saved, status;
	pid_t pid = feed_standard_input(o, piece, &saved);
	struct run run = run_path("-");

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	dup2(saved, STDIN_FILENO);
	close(saved);
	return run;
}

static void
standard_input_is_read_as_it_comes(void **state)
{
	struct octets o = pcap_at("s", SECONDS(1, 2));
	struct run run;

	(void)state;
	for (size_t piece = 1; piece <= o.len; piece += 7) {
		run = run_fed(&o, piece);
		assert_string_equal(run.packets, "- 1 1.000000 1 2/2 s1\n"
						 "- 2 2.000000 1 2/2 s2\n");
		assert_string_equal(run.reports, "");
		assert_int_equal(run.total, 0);
		run_end(&run);
	}
	free(o.at);
}

static void
standard_input_may_be_an_archive(void **state)
{
	struct octets o;
	struct run run;

	(void)state;
	write_zip("a.zip", NULL);
	o = read_file("a.zip");
	run = run_fed(&o, 100);
	/* It cannot be read twice, so member after member. */
	assert_string_equal(run.packets, "-:late.pcap 1 3.000000 1 2/2 l1\n"
					 "-:late.pcap 2 5.000000 1 2/2 l2\n"
					 "-:early.pcap 1 1.000000 1 2/2 e1\n"
					 "-:early.pcap 2 4.000000 1 2/2 e2\n");
	assert_int_equal(run.counts.files, 2);
	assert_int_equal(run.counts.time_reversals, 1);
	run_end(&run);
	free(o.at);
}

static void
standard_input_that_is_empty_or_cut_short_is_a_failure(void **state)
{
	struct octets o = pcap_at("s", SECONDS(1));
	struct run run;
	size_t whole = o.len;

	(void)state;
	o.len = 0;
	run = run_fed(&o, 1);
	assert_string_equal(run.reports, "-: empty file\n");
	run_end(&run);
	o.len = whole - 1;
	run = run_fed(&o, 10);
	assert_string_equal(run.reports,
	    "-: packet 1: cut short: 17 octets where 18 should be\n");
	assert_int_equal(run.counts.failed_files, 1);
	run_end(&run);
	free(o.at);
}

static void
waiting_for_a_pipe_returns_to_the_caller(void **state)
{
	struct stored_options options = { PATHS("-") };
	struct capture *capture;
	int ends[2], saved = dup(STDIN_FILENO);
	char error[512];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	dup2(ends[0], STDIN_FILENO);
	assert_int_equal(capture_open_stored(&options, &capture, error,
			     sizeof(error)),
	    0);
	assert_int_equal(capture_poll(capture, on_packets, NULL), CAPTURE_IDLE);
	capture_stop(capture);
	assert_int_equal(capture_poll(capture, on_packets, NULL), CAPTURE_END);
	capture_free(capture);
	dup2(saved, STDIN_FILENO);
	close(saved);
	close(ends[0]);
	close(ends[1]);
}

/* Readers, on blocks of exactly the size of what they are given. */

static size_t
read_all(const struct octets *o, size_t len, enum record *last)
{
	uint8_t *block = malloc(len + 1);
	struct cursor window = cur_of(block + 1, len);
	struct record_stop stop;
	struct packet packet;
	struct reader reader;
	size_t packets = 0;

	memcpy(block + 1, o->at, len);
	*last = RECORD_SHORT;
	if (reader_init(&reader, window)) {
		do {
			*last = reader_next(&reader, &window, &packet, &stop);
			packets += *last == RECORD_PACKET;
			if (*last == RECORD_SHORT)
				assert_true(stop.need > window.left);
		} while (*last == RECORD_PACKET || *last == RECORD_OTHER);
		reader_fini(&reader);
	}
	free(block);
	return packets;
}

static void
every_prefix_of_a_capture_is_short_and_never_more(void **state)
{
	struct octets files[3] = { pcap_at("p", SECONDS(1, 2, 3)), { 0 },
		{ .big_endian = true } };
	enum record last;
	size_t packets;

	(void)state;
	for (size_t i = 1; i < 3; i++) {
		put_section(&files[i]);
		put_interface(&files[i], 1, 0, 9, 3);
		put_simple(&files[i], "simple", 6);
		put_obsolete(&files[i], 0, 7, "obsolete", 8);
		put_enhanced(&files[i], 0, 7, "enhanced", 8);
	}
	for (size_t i = 0; i < 3; i++) {
		for (size_t len = 0; len <= files[i].len; len++) {
			packets = read_all(&files[i], len, &last);
			assert_int_equal(last, RECORD_SHORT);
			assert_true(packets <= 3);
		}
		assert_int_equal(packets, 3);
		free(files[i].at);
	}
}

static void
counts_of_interfaces_in_a_section_are_bounded(void **state)
{
	struct octets o = { 0 };
	enum record last;

	(void)state;
	put_section(&o);
	for (size_t i = 0; i < PCAPNG_INTERFACES_MAX; i++)
		put_interface(&o, 1, 0, NO_RESOLUTION, 0);
	put_enhanced(&o, PCAPNG_INTERFACES_MAX - 1, 1, "x", 1);
	assert_int_equal(read_all(&o, o.len, &last), 1);
	assert_int_equal(last, RECORD_SHORT);
	put_interface(&o, 1, 0, NO_RESOLUTION, 0);
	assert_int_equal(read_all(&o, o.len, &last), 1);
	assert_int_equal(last, RECORD_CORRUPT);
	free(o.at);
}

static void
missing_interface_is_an_error_when_live(void **state)
{
	struct live_options options = {
		.interfaces = &(const char *const){ "no-such-if0" },
		.interface_count = 1,
		.snap_bytes = 65535,
		.buffer_bytes = 1 << 20,
		.worker_count = 1,
	};
	struct capture *capture;
	char error[512];

	(void)state;
	assert_int_equal(capture_open_live(&options, &capture, error,
			     sizeof(error)),
	    -1);
	assert_int_equal(strncmp(error, "no-such-if0: no ", 16), 0);
}

#define TEST(function)                                                         \
	cmocka_unit_test_setup_teardown(function, enter_directory,             \
	    leave_directory)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pcap_is_read_in_both_byte_orders_and_both_clocks),
		TEST(pcap_of_a_patched_libpcap_has_longer_record_headers),
		TEST(
		    pcap_link_type_is_the_lower_half_and_raw_has_three_numbers),
		TEST(pcap_before_version_2_4_may_have_its_lengths_swapped),
		TEST(pcap_of_an_unknown_version_is_refused),
		TEST(pcap_without_packets_is_fine),
		TEST(wire_length_is_never_less_than_the_captured),
		TEST(truncated_pcap_gives_the_packets_before),
		TEST(corrupt_pcap_gives_the_packets_before),
		TEST(zeros_after_a_crash_are_not_packets),
		TEST(pcapng_interfaces_have_their_own_link_type_and_clock),
		TEST(pcapng_times_out_of_range_are_cut),
		TEST(pcapng_sections_have_their_own_byte_order_and_interfaces),
		TEST(pcapng_simple_and_obsolete_blocks_are_packets),
		TEST(corrupt_pcapng_gives_the_packets_before),
		TEST(empty_and_foreign_files_are_failures),
		TEST(reports_have_no_control_characters),
		TEST(overlapping_files_are_merged_by_time),
		TEST(packets_of_a_file_stay_in_its_order),
		TEST(long_files_are_merged_across_batches),
		TEST(
		    directory_is_read_recursively_and_what_is_no_capture_skipped),
		TEST(directory_without_a_capture_is_a_failure),
		TEST(bad_file_does_not_stop_the_others),
		TEST(many_files_are_not_open_at_once),
		TEST(missing_path_is_an_error_at_the_start),
		TEST(filter_leaves_packets_out_and_counts_them),
		TEST(filter_is_compiled_for_each_link_type),
		TEST(bad_filter_is_an_error_at_the_start),
		TEST(compressed_captures_are_recognised_by_content),
		TEST(compressed_captures_may_be_larger_than_any_buffer),
		TEST(zip_members_are_sources_and_merged),
		TEST(encrypted_zip_is_read_with_its_password),
		TEST(encrypted_zip_without_its_password_names_the_option),
		TEST(compressed_member_of_a_zip_is_read_and_others_are_skipped),
		TEST(archive_without_a_capture_is_a_failure),
		TEST(compressed_tar_is_an_archive),
		TEST(truncated_compression_gives_the_packets_before),
		TEST(damaged_zip_member_does_not_hide_the_others),
		TEST(standard_input_is_read_as_it_comes),
		TEST(standard_input_may_be_an_archive),
		TEST(standard_input_that_is_empty_or_cut_short_is_a_failure),
		TEST(waiting_for_a_pipe_returns_to_the_caller),
		TEST(every_prefix_of_a_capture_is_short_and_never_more),
		TEST(counts_of_interfaces_in_a_section_are_bounded),
		TEST(missing_interface_is_an_error_when_live),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
