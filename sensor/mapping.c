#include "sensor/mapping.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sensor/page_guard.h"

/* Rare enough to cost nothing, small enough not to be seen in a process. */
#define GIVE_BACK_OCTETS (4u << 20)

int
mapping_open(struct mapping *mapping, int fd, size_t len)
{
	void *octets = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);
	int guard;

	if (octets == MAP_FAILED)
		return -1;
	if ((guard = page_guard_add(octets, len, PAGE_GUARD_READ)) == -1) {
		munmap(octets, len);
		errno = ENOBUFS;
		return -1;
	}
	madvise(octets, len, MADV_SEQUENTIAL);
	*mapping = (struct mapping){
		.octets = octets,
		.len = len,
		.guard = guard,
		.next = GIVE_BACK_OCTETS,
	};
	return 0;
}

void
mapping_close(struct mapping *mapping)
{
	page_guard_remove(mapping->guard);
	munmap((void *)mapping->octets, mapping->len);
}

const uint8_t *
mapping_damage(const struct mapping *mapping)
{
	return page_guard_damage(mapping->guard);
}

static size_t
page_of(size_t offset)
{
	return offset & ~((size_t)sysconf(_SC_PAGESIZE) - 1);
}

/*
 * Up to where the last call was: packets from before this one may still be
 * looked at, and a page that is touched again would stay.
 */
void
mapping_advance(struct mapping *mapping, const uint8_t *at)
{
	size_t give_back = page_of(mapping->next - GIVE_BACK_OCTETS);

	madvise((void *)(mapping->octets + mapping->given_back),
	    give_back - mapping->given_back, MADV_DONTNEED);
	mapping->given_back = give_back;
	mapping->next = (size_t)(at - mapping->octets) + GIVE_BACK_OCTETS;
}

void
mapping_jump(struct mapping *mapping, size_t offset)
{
	mapping->given_back = page_of(offset);
	mapping->next = offset + GIVE_BACK_OCTETS;
}
