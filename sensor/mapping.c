#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sensor/mapping.h"

/* Rare enough to cost nothing, small enough not to be seen in a process. */
#define GIVE_BACK_OCTETS (4u << 20)

struct mapping_guard {
	atomic_bool used;
	atomic_uintptr_t start, end; /* of whole pages; end 0: not armed */
	atomic_uintptr_t damage;     /* lowest address lost, or UINTPTR_MAX */
};

/* Read by the signal handler, therefore static and atomic. */
static struct mapping_guard guards[MAPPINGS_MAX];
static struct sigaction before_us;
static uintptr_t page_octets;

static struct mapping_guard *
guard_of(uintptr_t address)
{
	for (size_t i = 0; i < MAPPINGS_MAX; i++) {
		if (address < atomic_load(&guards[i].end) &&
		    address >= atomic_load(&guards[i].start))
			return &guards[i];
	}
	return NULL;
}

/* All from the lost page on becomes zeros: what is behind it is lost too. */
static bool
guard_patch(struct mapping_guard *guard, uintptr_t address)
{
	uintptr_t page = address & ~(page_octets - 1);

	if (mmap((void *)page, atomic_load(&guard->end) - page, PROT_READ,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		return false;
	if (page < atomic_load(&guard->damage))
		atomic_store(&guard->damage, page);
	return true;
}

/*
 * Not ours: the handler from before is put back.  A fault happens again when
 * this one returns; a signal that someone sent must be sent again.
 */
static void
on_sigbus(int signal_number, siginfo_t *about, void *context)
{
	int errno_before = errno;
	uintptr_t address = (uintptr_t)about->si_addr;
	struct mapping_guard *guard;

	(void)context;
	guard = about->si_code > 0 ? guard_of(address) : NULL;
	if (guard == NULL || !guard_patch(guard, address)) {
		sigaction(SIGBUS, &before_us, NULL);
		if (about->si_code <= 0)
			raise(signal_number);
	}
	errno = errno_before;
}

static void
install_handler(void)
{
	struct sigaction action = {
		.sa_sigaction = on_sigbus,
		.sa_flags = SA_SIGINFO,
	};

	page_octets = (uintptr_t)sysconf(_SC_PAGESIZE);
	sigemptyset(&action.sa_mask);
	sigaction(SIGBUS, &action, &before_us);
}

static struct mapping_guard *
guard_take(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, install_handler);
	for (size_t i = 0; i < MAPPINGS_MAX; i++) {
		if (!atomic_exchange(&guards[i].used, true))
			return &guards[i];
	}
	errno = ENOBUFS;
	return NULL;
}

static void
guard_arm(struct mapping_guard *guard, uintptr_t start, size_t len)
{
	uintptr_t end = start + len;

	atomic_store(&guard->damage, UINTPTR_MAX);
	atomic_store(&guard->start, start);
	atomic_store(&guard->end, (end + page_octets - 1) & ~(page_octets - 1));
}

int
mapping_open(struct mapping *mapping, int fd, size_t len)
{
	struct mapping_guard *guard;
	void *octets;

	if ((guard = guard_take()) == NULL)
		return -1;
	octets = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);
	if (octets == MAP_FAILED) {
		atomic_store(&guard->used, false);
		return -1;
	}
	madvise(octets, len, MADV_SEQUENTIAL);
	guard_arm(guard, (uintptr_t)octets, len);
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
	/* Disarmed first: the addresses may be someone else's at once. */
	atomic_store(&mapping->guard->end, 0);
	munmap((void *)mapping->octets, mapping->len);
	atomic_store(&mapping->guard->used, false);
}

const uint8_t *
mapping_damage(const struct mapping *mapping)
{
	uintptr_t damage = atomic_load_explicit(&mapping->guard->damage,
	    memory_order_relaxed);

	return damage == UINTPTR_MAX ? NULL : (const uint8_t *)damage;
}

static size_t
page_of(size_t offset)
{
	return offset & ~(page_octets - 1);
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
