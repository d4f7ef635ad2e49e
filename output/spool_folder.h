#ifndef OUTPUT_SPOOL_FOLDER_H
#define OUTPUT_SPOOL_FOLDER_H

#include <stddef.h>
#include <stdint.h>

/*
 * Whose a spool's files are.  A process that opens the folder takes a number,
 * its run, and holds RUN.lock with flock(2); files RUN-SEVERITY-NUMBER.segment
 * are its own.  Numbers are hexadecimal: eight digits for run and file, so that
 * names sort as they were made.
 *
 * A run whose lock is free has ended, however.  Its files are taken over by
 * renaming them, which only one process can do for each.
 */
struct spool_folder {
	int fd;   /* -1: there is none */
	int lock; /* of RUN.lock */
	uint32_t run;
	uint32_t files; /* made so far */
};

/* 0, or -1 with the reason.  Makes the folder, but not what it is in. */
int spool_folder_open(struct spool_folder *folder, const char *directory,
    const char *name, char *error, size_t error_size);

/*
 * Calls `found` with each segment file of runs that have ended, oldest run
 * first.  Nobody else takes over the run meanwhile.  No more than
 * SPOOL_GUARDS_MAX files are looked at: others are for the next run.
 */
int spool_folder_adopt(struct spool_folder *folder,
    void (*found)(void *arg, const char *name), void *arg, char *error,
    size_t error_size);

/* A name for a new file of this run, of SPOOL_FILE_NAME_SIZE octets. */
void spool_folder_name(struct spool_folder *folder, unsigned severity,
    char *name);

/* With files left the lock stays, free, for whoever comes next. */
void spool_folder_close(struct spool_folder *folder, size_t files_left);

#endif
