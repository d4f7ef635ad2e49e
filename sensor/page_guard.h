#ifndef SENSOR_PAGE_GUARD_H
#define SENSOR_PAGE_GUARD_H

#include <stddef.h>

/*
 * Mappings of files that may lose their pages: cut short by someone else, no
 * space to copy a block, a disk that fails.  A SIGBUS about such a page would
 * end the process; here zeroed memory takes its place, and the guard remembers
 * where.
 *
 * The first guard installs the handler.  A SIGBUS about any other address goes
 * to the one from before.  No thread that touches such a mapping may block
 * SIGBUS.
 */

/* In the process; more are refused with ENOBUFS. */
#define PAGE_GUARDS_MAX 8704

enum page_guard_kind {
	/* Read only: all from the lost page on, which is lost as well. */
	PAGE_GUARD_READ,
	/*
	 * Written, too: only the page at fault, since those around it may hold
	 * what can be saved.  What is stored there reaches no file.
	 */
	PAGE_GUARD_WRITE,
};

/* The guard's number, or -1 with errno.  `at` is the start of a page. */
int page_guard_add(const void *at, size_t len, enum page_guard_kind kind);

/* Before the mapping is taken away: its addresses may be another's at once. */
void page_guard_remove(int guard);

/* The lowest address that was lost, the start of a page; NULL: none. */
const void *page_guard_damage(int guard);

#endif
