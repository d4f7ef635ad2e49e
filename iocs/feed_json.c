#include "iocs/feed_json.h"

#include <stdio.h>
#include <string.h>

#include "iocs/feed_format.h"
#include "iocs/feed_time.h"

static const struct {
	bool (*recognise)(const json_t *root);
	void (*load)(struct feed_file *file, const json_t *root);
} formats[] = {
	{ stix_recognise, stix_load },
	{ misp_recognise, misp_load },
};

const char *
feed_json_text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

struct cursor
feed_json_string(const json_t *object, const char *key)
{
	const json_t *member = json_object_get(object, key);

	return cur_of(json_string_value(member), json_string_length(member));
}

uint64_t
feed_json_time(struct feed_file *file, const json_t *object, const char *key)
{
	struct cursor text = feed_json_string(object, key);
	uint64_t us = 0;

	if (text.left > 0 && !feed_time_read(text, &us))
		feed_file_doubt(file, 0, text,
		    "no time that is understood; taken without it");
	return us;
}

bool
feed_json_recognise(struct cursor head)
{
	struct cursor inner;

	while (head.left > 0 && strchr(" \t\r\n", head.at[0]) != NULL &&
	       head.at[0] != '\0')
		head = (struct cursor){ head.at + 1, head.left - 1 };
	if (head.left == 0)
		return false;
	if (head.at[0] == '{')
		return true;
	/* "[2001:db8::1]:80" and "[.]" begin so, too. */
	inner = (struct cursor){ head.at + 1, head.left - 1 };
	while (inner.left > 0 && inner.at[0] != '\0' &&
	       strchr(" \t\r\n", inner.at[0]) != NULL)
		inner = (struct cursor){ inner.at + 1, inner.left - 1 };
	return head.at[0] == '[' && inner.left > 0 && inner.at[0] == '{';
}

static size_t
read_more(void *buffer, size_t size, void *arg)
{
	struct feed_text *text = arg;
	struct cursor window = feed_text_window(text);

	if (window.left > size)
		window.left = size;
	memcpy(buffer, window.at, window.left);
	feed_text_take(text, window.left);
	return window.left;
}

/* jansson's message has the offending text in it: only its kind is told. */
static const char *
syntax_reason(const json_error_t *error)
{
	switch (json_error_code(error)) {
	case json_error_invalid_utf8:
		return "JSON: not UTF-8";
	case json_error_premature_end_of_input:
		return "JSON: it ends too early";
	case json_error_end_of_input_expected:
		return "JSON: something follows its end (one document a file "
		       "is read)";
	case json_error_stack_overflow:
		return "JSON: nested too deeply";
	case json_error_null_character:
	case json_error_null_byte_in_key:
		return "JSON: a string with a NUL";
	default:
		return "JSON: syntax error";
	}
}

const char *
feed_json_load(struct feed_file *file, struct feed_text *text, unsigned *line)
{
	json_error_t error;
	json_t *root = json_load_callback(read_more, text, 0, &error);

	if (root == NULL) {
		*line = error.line > 0 ? (unsigned)error.line : 0;
		return text->error != NULL ? text->error
		                           : syntax_reason(&error);
	}
	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
		if (!formats[i].recognise(root))
			continue;
		formats[i].load(file, root);
		json_decref(root);
		return NULL;
	}
	json_decref(root);
	return "JSON, but neither a STIX bundle nor a MISP event";
}
