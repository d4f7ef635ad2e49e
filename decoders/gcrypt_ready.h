#ifndef DECODERS_GCRYPT_READY_H
#define DECODERS_GCRYPT_READY_H

/*
 * Makes libgcrypt ready, unless that is done already.  Each part that uses it
 * calls this where it begins; the first call is before there are threads.
 */
void gcrypt_ready(void);

#endif
