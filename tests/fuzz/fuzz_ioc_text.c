#include <stddef.h>
#include <stdint.h>

#include "tests/fuzz/ioc_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* CSV, Zeek intel and plain lists: the content decides which. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ioc_check_load(data, size);
	return 0;
}
