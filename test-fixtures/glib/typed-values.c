/*
 * Prints what GLib's typed getters make of values, as an independent oracle for the strict mode of packages/kconf.
 *
 *   typed-values PACKED   key files, each with a 32-bit little-endian length before it
 *
 * Of the group [g] of each file, a line each:
 *   file N
 *   integer VALUE     g_key_file_get_integer of task.size, "-" where it sets an error
 *   uint64 VALUE      g_key_file_get_uint64 of task.init_addr
 *   string HEX        g_key_file_get_string of name, as "=HEX"
 *
 * Build: gcc -O2 -Wall typed-values.c $(pkg-config --cflags --libs glib-2.0) -o typed-values
 */
#include <glib.h>
#include <stdio.h>

static void print_integer(GKeyFile *file)
{
	GError *error = NULL;
	gint value = g_key_file_get_integer(file, "g", "task.size", &error);

	if (error)
		printf("integer -\n");
	else
		printf("integer %d\n", value);
	g_clear_error(&error);
}

static void print_uint64(GKeyFile *file)
{
	GError *error = NULL;
	guint64 value = g_key_file_get_uint64(file, "g", "task.init_addr", &error);

	if (error)
		printf("uint64 -\n");
	else
		printf("uint64 %" G_GUINT64_FORMAT "\n", value);
	g_clear_error(&error);
}

static void print_string(GKeyFile *file)
{
	GError *error = NULL;
	gchar *value = g_key_file_get_string(file, "g", "name", &error);

	if (error) {
		printf("string -\n");
	} else {
		printf("string =");
		for (const unsigned char *p = (const unsigned char *)value; *p; p++)
			printf("%02x", *p);
		printf("\n");
	}
	g_clear_error(&error);
	g_free(value);
}

static int print_file(unsigned number, const char *bytes, gsize length)
{
	GKeyFile *file = g_key_file_new();
	gboolean loaded = g_key_file_load_from_data(file, bytes, length, G_KEY_FILE_NONE, NULL);

	if (loaded) {
		printf("file %u\n", number);
		print_integer(file);
		print_uint64(file);
		print_string(file);
	} else {
		fprintf(stderr, "GLib rejects file %u\n", number);
	}
	g_key_file_free(file);
	return !loaded;
}

int main(int argc, char **argv)
{
	gchar *bytes = NULL;
	gsize length = 0;
	gsize at = 0;

	if (argc != 2 || !g_file_get_contents(argv[1], &bytes, &length, NULL)) {
		fprintf(stderr, "usage: typed-values PACKED\n");
		return 2;
	}
	for (unsigned number = 0; at + 4 <= length; number++) {
		const unsigned char *head = (const unsigned char *)bytes + at;
		gsize size = head[0] | head[1] << 8 | head[2] << 16 | (gsize)head[3] << 24;

		at += 4;
		if (size > length - at || print_file(number, bytes + at, size))
			return 1;
		at += size;
	}
	return 0;
}
