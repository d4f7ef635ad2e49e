#ifndef IOCS_PROFILE_LOAD_H
#define IOCS_PROFILE_LOAD_H

#include <stddef.h>

#include "iocs/profile.h"

/*
 * Reads profiles, strictly: an unknown key, a value of another kind or out of
 * its bounds, and an id that was there before are errors that name the file,
 * the place and the reason.
 */
#define PROFILES_MAX 64

struct profile_set;

/* Empty; NULL where memory is short. */
struct profile_set *profile_set_new(void);
void profile_set_free(struct profile_set *set);

/*
 * Adds the profile that a file holds; of a folder, of each of its *.json, in
 * the order of their names.  0, or -1 with the reason; the set is then only
 * good to be freed.
 */
int profile_set_load(struct profile_set *set, const char *path, char *error,
    size_t error_size);

/* The same from memory; `name` is what messages call it. */
int profile_set_add(struct profile_set *set, const char *name, const char *text,
    size_t len, char *error, size_t error_size);

size_t profile_set_count(const struct profile_set *set);
/* Stays where and as it is until profile_set_free. */
const struct profile *profile_set_at(const struct profile_set *set,
    size_t index);

#endif
