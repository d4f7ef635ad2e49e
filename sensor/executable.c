#include "sensor/executable.h"

#include <stdbool.h>
#include <string.h>

#include "decoders/cursor.h"

static uint32_t
swap32(uint32_t x)
{
	return __builtin_bswap32(x);
}

/*
 * The MS-DOS header: "MZ", octets on the last page (of 512), pages,
 * relocations, paragraphs of the header, all little-endian.  In a text that
 * begins so the second word would be two letters, far above 511.
 */
static bool
is_pe(const uint8_t *octets, size_t len)
{
	unsigned last_page, header;

	if (len < 10 || octets[0] != 'M' || octets[1] != 'Z')
		return false;
	last_page = octets[2] | (unsigned)octets[3] << 8;
	header = octets[8] | (unsigned)octets[9] << 8;
	return last_page < 512 && header < 0x1000;
}

/* e_ident: class 32 or 64, byte order, version 1. */
static bool
is_elf(const uint8_t *octets, size_t len)
{
	return len >= 7 && memcmp(octets, "\177ELF", 4) == 0 &&
	       (octets[4] == 1 || octets[4] == 2) &&
	       (octets[5] == 1 || octets[5] == 2) && octets[6] == 1;
}

/* mach/machine.h: x86, ARM, PowerPC; 64 bit or not. */
static bool
is_mach_cpu(uint32_t type)
{
	uint32_t family = type & 0x00ffffff;

	return (type >> 24 <= 2) &&
	       (family == 7 || family == 12 || family == 18);
}

/*
 * mach-o/loader.h and fat.h.  A fat file has the magic of a Java class, but
 * then few architectures where that has its version, 45 or more (JVMS 4.1).
 */
static bool
is_mach_o(struct cursor c)
{
	uint32_t magic, second, third;

	if (!cur_u32(&c, &magic) || !cur_u32(&c, &second))
		return false;
	switch (magic) {
	case 0xfeedface:
	case 0xfeedfacf:
		return is_mach_cpu(second);
	case 0xcefaedfe: /* little-endian, as all that is made today */
	case 0xcffaedfe:
		return is_mach_cpu(swap32(second));
	case 0xcafebabe:
	case 0xcafebabf:
		return second > 0 && second < 45 && cur_u32(&c, &third) &&
		       is_mach_cpu(third);
	default:
		return false;
	}
}

static bool
is_script(const uint8_t *octets, size_t len)
{
	size_t at = 2;

	if (len < 3 || octets[0] != '#' || octets[1] != '!')
		return false;
	while (at < len && (octets[at] == ' ' || octets[at] == '\t'))
		at++;
	return at < len && octets[at] == '/';
}

enum executable
executable_of(const uint8_t *octets, size_t len)
{
	if (is_pe(octets, len))
		return EXECUTABLE_PE;
	if (is_elf(octets, len))
		return EXECUTABLE_ELF;
	if (is_mach_o(cur_of(octets, len)))
		return EXECUTABLE_MACH_O;
	if (is_script(octets, len))
		return EXECUTABLE_SCRIPT;
	return EXECUTABLE_NONE;
}

const char *
executable_name(enum executable kind)
{
	switch (kind) {
	case EXECUTABLE_NONE:
		break;
	case EXECUTABLE_PE:
		return "PE";
	case EXECUTABLE_ELF:
		return "ELF";
	case EXECUTABLE_MACH_O:
		return "Mach-O";
	case EXECUTABLE_SCRIPT:
		return "script";
	}
	return "";
}
