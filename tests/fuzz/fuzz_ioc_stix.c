#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "iocs/stix_pattern.h"
#include "tests/fuzz/ioc_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
take_term(void *arg, const struct stix_term *term)
{
	size_t *octets = arg;

	for (size_t i = 0; i < term->value.left; i++)
		*octets += term->value.at[i];
}

/* A STIX bundle or MISP event, or where it begins with '[', a pattern. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t octets = 0;

	if (size > 0 && data[0] == '[')
		(void)stix_pattern_read(cur_of(data, size), take_term, &octets);
	ioc_check_load(data, size);
	return 0;
}
