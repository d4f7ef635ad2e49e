#ifndef IOCS_MISP_MANIFEST_H
#define IOCS_MISP_MANIFEST_H

/* "3f5c...": 36 characters and the NUL */
#define MISP_UUID_SIZE 37

/*
 * The list of events of a MISP feed, manifest.json: calls `each` with the UUID
 * of each.  NULL, or the reason why it is not one, and the line if there is
 * one to tell; `each` was not called then.
 */
const char *misp_manifest_read(const char *path,
    void (*each)(void *arg, const char *uuid), void *arg, unsigned *line);

#endif
