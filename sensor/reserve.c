#include "sensor/reserve.h"

#include <sys/mman.h>

/* A mapping may not be empty; a table may. */
static size_t
mapped(size_t octets)
{
	return octets > 0 ? octets : 1;
}

void *
reserve(size_t octets)
{
	void *at = mmap(NULL, mapped(octets), PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED)
		return NULL;
	(void)madvise(at, mapped(octets), MADV_HUGEPAGE); /* only faster with */
	return at;
}

void
unreserve(void *at, size_t octets)
{
	if (at != NULL)
		munmap(at, mapped(octets));
}
