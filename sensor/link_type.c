#include <pcap/dlt.h>
#include <stddef.h>

#include "sensor/link_type.h"

/* Those whose two numbers differ on Linux; the others are the same. */
static const struct {
	uint32_t link_type;
	int dlt;
} renumbered[] = {
	{ 100, DLT_ATM_RFC1483 },
	{ 101, DLT_RAW },
	{ 102, DLT_SLIP_BSDOS },
	{ 103, DLT_PPP_BSDOS },
	{ 106, DLT_ATM_CLIP },
};
#define RENUMBERED_COUNT (sizeof(renumbered) / sizeof(renumbered[0]))

uint32_t
link_type_from_dlt(int dlt)
{
	for (size_t i = 0; i < RENUMBERED_COUNT; i++)
		if (renumbered[i].dlt == dlt)
			return renumbered[i].link_type;
	return (uint32_t)dlt;
}

int
link_type_to_dlt(uint32_t link_type)
{
	for (size_t i = 0; i < RENUMBERED_COUNT; i++)
		if (renumbered[i].link_type == link_type)
			return renumbered[i].dlt;
	return (int)link_type;
}
