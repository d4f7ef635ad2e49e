#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * Runs a fuzz target over files, without a fuzzer: the corpus as a test, with
 * any compiler, and a crash by itself.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An exact block, so that a sanitizer sees the first octet too many. */
static int
replay(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data;
	long size;

	if (file == NULL || fseek(file, 0, SEEK_END) != 0 ||
	    (size = ftell(file)) < 0) {
		perror(path);
		return 1;
	}
	rewind(file);
	data = malloc((size_t)size + 1);
	if (data == NULL ||
	    fread(data + 1, 1, (size_t)size, file) != (size_t)size) {
		perror(path);
		return 1;
	}
	fclose(file);
	LLVMFuzzerTestOneInput(data + 1, (size_t)size);
	free(data);
	return 0;
}

int
main(int argc, char *argv[])
{
	int failed = argc < 2;

	for (int i = 1; i < argc; i++)
		failed |= replay(argv[i]);
	return failed;
}
