#ifndef DECODERS_DECODE_H
#define DECODERS_DECODE_H

/* What a decoder says of the octets that it was given. */
enum decode {
	DECODE_OK,
	DECODE_SHORT,       /* a valid prefix: more octets may complete it */
	DECODE_MALFORMED,   /* no further octets can make this valid */
	DECODE_UNSUPPORTED, /* valid, but a version or type we do not read */
};

#endif
