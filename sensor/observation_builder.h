#ifndef SENSOR_OBSERVATION_BUILDER_H
#define SENSOR_OBSERVATION_BUILDER_H

#include "decoders/cursor.h"
#include "sensor/observation.h"

/*
 * Makes one observation at a time, in a buffer of its own.  What does not fit
 * in OBS_SIZE_MAX is left out and the observation marked as cut.
 */
struct observation_builder {
	struct observation *o;
	uint32_t used; /* octets of text */
};

/* 0, or -1 with errno. */
int observation_builder_init(struct observation_builder *builder);
void observation_builder_fini(struct observation_builder *builder);

/* Begins anew; everything is zero but the kind. */
struct observation *observation_begin(struct observation_builder *builder,
    enum obs_kind kind);

/* Begins with a copy of a finished observation. */
struct observation *observation_resume(struct observation_builder *builder,
    const struct observation *from);

/* Copies octets into the text. */
struct obs_text observation_add(struct observation_builder *builder,
    struct cursor octets);

/* The same octets again where `octets` are those of `text`, else a copy. */
struct obs_text observation_add_shared(struct observation_builder *builder,
    struct cursor octets, struct obs_text text);

/*
 * Room for up to *count elements of `size` octets each, zeroed; *count becomes
 * what fits.  The pointer is good until the next observation_begin.
 */
void *observation_add_array(struct observation_builder *builder, size_t size,
    uint32_t *count, struct obs_array *array);

/* Sets the size; the observation is whole. */
struct observation *observation_finish(struct observation_builder *builder);

/* Octets of text that may still be added. */
size_t observation_room(const struct observation_builder *builder);

#endif
