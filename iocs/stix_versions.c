#include "iocs/stix_versions.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "iocs/arena.h"
#include "iocs/key_table.h"
#include "sensor/siphash.h"

struct object {
	const char *id;
	size_t id_len;
	uint64_t modified_us;
	unsigned version; /* counts up with each newer one */
	bool revoked;
};

struct waiting {
	struct indicator indicator;
	size_t object;
	unsigned version;
};

struct stix_versions {
	struct siphash_key secret;
	struct key_table table; /* of objects, by id */
	struct object *objects;
	size_t object_count, object_room;
	struct waiting *waiting;
	size_t waiting_count, waiting_room;
	size_t current; /* the object that was begun last */
	struct arena texts;
};

struct stix_versions *
stix_versions_new(void)
{
	struct stix_versions *versions = calloc(1, sizeof *versions);

	if (versions == NULL)
		return NULL;
	if (getrandom(&versions->secret, sizeof versions->secret, 0) !=
	    (ssize_t)sizeof versions->secret) {
		free(versions);
		return NULL;
	}
	return versions;
}

void
stix_versions_free(struct stix_versions *versions)
{
	if (versions == NULL)
		return;
	key_table_fini(&versions->table);
	free(versions->objects);
	free(versions->waiting);
	arena_fini(&versions->texts);
	free(versions);
}

/* Room for one element more; NULL where memory is short. */
static void *
grow(void *array, size_t count, size_t *room, size_t size)
{
	size_t bigger = *room == 0 ? 64 : *room * 2;
	void *grown;

	if (count < *room)
		return array;
	if (bigger > SIZE_MAX / size ||
	    (grown = realloc(array, bigger * size)) == NULL)
		return NULL;
	*room = bigger;
	return grown;
}

static bool
find(const struct stix_versions *versions, struct cursor id, uint64_t key,
    size_t *index)
{
	struct key_probe probe = key_probe_start(&versions->table, key);
	const struct object *object;

	while (key_probe_next(&versions->table, &probe, index)) {
		object = &versions->objects[*index];
		if (object->id_len == id.left &&
		    memcmp(object->id, id.at, id.left) == 0)
			return true;
	}
	return false;
}

/* A new object; -1 where memory is short. */
static int
add_object(struct stix_versions *versions, struct cursor id, uint64_t key)
{
	struct object *objects = grow(versions->objects, versions->object_count,
	    &versions->object_room, sizeof *objects);
	char *copy;

	if (objects == NULL)
		return -1;
	versions->objects = objects;
	copy = arena_text(&versions->texts, (const char *)id.at, id.left);
	if (copy == NULL ||
	    key_table_add(&versions->table, key, versions->object_count) == -1)
		return -1;
	objects[versions->object_count++] = (struct object){ .id = copy,
		.id_len = id.left };
	return 0;
}

bool
stix_versions_begin(struct stix_versions *versions, struct feed_file *file,
    struct cursor id, uint64_t modified_us, bool revoked)
{
	uint64_t key = siphash(&versions->secret, id.at, id.left);
	struct object *object;
	size_t index;

	if (find(versions, id, key, &index)) {
		object = &versions->objects[index];
		file->counts->duplicates++;
		if (modified_us < object->modified_us ||
		    (modified_us == object->modified_us &&
			(object->revoked || !revoked)))
			return false;
	} else {
		if (add_object(versions, id, key) == -1) {
			file->no_memory = true;
			return false;
		}
		index = versions->object_count - 1;
		object = &versions->objects[index];
	}
	object->modified_us = modified_us;
	object->revoked = revoked;
	object->version++;
	versions->current = index;
	return true;
}

void
stix_versions_add(struct stix_versions *versions, struct feed_file *file,
    const struct indicator *indicator)
{
	struct waiting *waiting = grow(versions->waiting,
	    versions->waiting_count, &versions->waiting_room, sizeof *waiting);
	char *value;

	if (waiting != NULL)
		versions->waiting = waiting;
	value = arena_text(&versions->texts, indicator->value,
	    indicator->value_len);
	if (waiting == NULL || value == NULL) {
		file->no_memory = true;
		return;
	}
	waiting += versions->waiting_count++;
	*waiting = (struct waiting){ *indicator, versions->current,
		versions->objects[versions->current].version };
	waiting->indicator.value = value;
}

void
stix_versions_finish(struct stix_versions *versions, struct feed_file *file)
{
	const struct waiting *waiting;
	const struct object *object;

	for (size_t i = 0; i < versions->waiting_count; i++) {
		waiting = &versions->waiting[i];
		object = &versions->objects[waiting->object];
		if (waiting->version == object->version && !object->revoked)
			feed_file_insert(file, &waiting->indicator);
	}
	for (size_t i = 0; i < versions->object_count; i++)
		if (versions->objects[i].revoked)
			file->counts->withdrawn++;
}
