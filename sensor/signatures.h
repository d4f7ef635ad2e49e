#ifndef SENSOR_SIGNATURES_H
#define SENSOR_SIGNATURES_H

#include "sensor/hit.h"

/*
 * The kinds of hit: EVE's signature_id and its words, by what was met and
 * where (docs/events.md).  Severity 1 from a confidence of 80 on, 2 from 50.
 */
struct signature signature_for(const struct indicator *indicator,
    enum hit_where where);

#endif
