#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sensor/behaviour.h"
#include "sensor/destinations.h"
#include "sensor/executable.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * One destination as a text, and then the same octets as what a name, a
 * User-Agent and a body on the wire may be.
 */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct destinations *d = destinations_new();
	char *text = malloc(size + 1);
	struct addr addr = { { 0 } };

	if (d == NULL || text == NULL)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	memcpy(&addr, data, size < sizeof addr ? size : sizeof addr);
	if (destinations_add(d, text, 0) == NULL && destinations_count(d) != 1)
		abort();
	destinations_add(d, "a.example", 0);
	destinations_have(d, (const char *)data, size, &addr, 443);
	dead_system((const char *)data, size);
	executable_of(data, size);
	destinations_free(d);
	free(text);
	return 0;
}
