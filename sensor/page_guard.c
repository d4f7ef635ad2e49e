#include "sensor/page_guard.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

struct guard {
	atomic_bool used;
	atomic_int kind;             /* enum page_guard_kind */
	atomic_uintptr_t start, end; /* of whole pages; end 0: not armed */
	atomic_uintptr_t damage;     /* lowest address lost, or UINTPTR_MAX */
};

/* Read by the signal handler, therefore static and atomic. */
static struct guard guards[PAGE_GUARDS_MAX];
static atomic_uint guards_ever; /* those from here on were never used */
static struct sigaction before_us;
static uintptr_t page_octets;

static struct guard *
guard_of(uintptr_t address)
{
	unsigned count = atomic_load(&guards_ever);

	for (unsigned i = 0; i < count; i++) {
		if (address < atomic_load(&guards[i].end) &&
		    address >= atomic_load(&guards[i].start))
			return &guards[i];
	}
	return NULL;
}

static bool
replace_pages(struct guard *guard, uintptr_t address)
{
	bool writes = atomic_load(&guard->kind) == PAGE_GUARD_WRITE;
	uintptr_t page = address & ~(page_octets - 1);
	size_t len = writes ? page_octets : atomic_load(&guard->end) - page;

	if (mmap((void *)page, len, writes ? PROT_READ | PROT_WRITE : PROT_READ,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		return false;
	if (page < atomic_load(&guard->damage))
		atomic_store(&guard->damage, page);
	return true;
}

/* A fault comes again when we return; a signal that was sent does not. */
static void
end_by_default(int signal_number, const siginfo_t *about)
{
	struct sigaction action = { .sa_handler = SIG_DFL };

	sigemptyset(&action.sa_mask);
	sigaction(signal_number, &action, NULL);
	if (about->si_code <= 0)
		raise(signal_number);
}

static void
pass_on(int signal_number, siginfo_t *about, void *context)
{
	if ((before_us.sa_flags & SA_SIGINFO) != 0)
		before_us.sa_sigaction(signal_number, about, context);
	else if (before_us.sa_handler == SIG_IGN && about->si_code <= 0)
		return;
	else if (before_us.sa_handler == SIG_IGN ||
		 before_us.sa_handler == SIG_DFL)
		end_by_default(signal_number, about);
	else
		before_us.sa_handler(signal_number);
}

static void
on_sigbus(int signal_number, siginfo_t *about, void *context)
{
	int errno_before = errno;
	uintptr_t address = (uintptr_t)about->si_addr;
	struct guard *guard = about->si_code > 0 ? guard_of(address) : NULL;

	if (guard == NULL || !replace_pages(guard, address))
		pass_on(signal_number, about, context);
	errno = errno_before;
}

static void
install_handler(void)
{
	struct sigaction action = {
		.sa_sigaction = on_sigbus,
		/* ASan's alternative stack, where it has made one. */
		.sa_flags = SA_SIGINFO | SA_ONSTACK,
	};

	page_octets = (uintptr_t)sysconf(_SC_PAGESIZE);
	sigemptyset(&action.sa_mask);
	sigaction(SIGBUS, &action, &before_us);
}

static void
arm(struct guard *guard, uintptr_t start, size_t len, enum page_guard_kind kind)
{
	uintptr_t end = start + len;

	atomic_store(&guard->kind, kind);
	atomic_store(&guard->damage, UINTPTR_MAX);
	atomic_store(&guard->start, start);
	atomic_store(&guard->end, (end + page_octets - 1) & ~(page_octets - 1));
}

int
page_guard_add(const void *at, size_t len, enum page_guard_kind kind)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	unsigned ever;

	pthread_once(&once, install_handler);
	for (unsigned i = 0; i < PAGE_GUARDS_MAX; i++) {
		if (atomic_load(&guards[i].used) ||
		    atomic_exchange(&guards[i].used, true))
			continue;
		ever = atomic_load(&guards_ever);
		while (ever <= i && !atomic_compare_exchange_weak(&guards_ever,
					&ever, i + 1))
			;
		arm(&guards[i], (uintptr_t)at, len, kind);
		return (int)i;
	}
	errno = ENOBUFS;
	return -1;
}

void
page_guard_remove(int guard)
{
	atomic_store(&guards[guard].end, 0);
	atomic_store(&guards[guard].used, false);
}

const void *
page_guard_damage(int guard)
{
	uintptr_t damage = atomic_load_explicit(&guards[guard].damage,
	    memory_order_relaxed);

	return damage == UINTPTR_MAX ? NULL : (const void *)damage;
}
