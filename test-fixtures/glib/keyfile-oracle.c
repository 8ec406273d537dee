/*
 * Prints what GLib sees in key files, as an independent oracle for the reader in packages/kconf.
 *
 *   keyfile-oracle FILE            one file; exit 1 when GLib rejects it
 *   keyfile-oracle --packed FILE   many: for each a 32-bit little-endian length, then its bytes; exit 0
 *
 * Output, a line each, names and values as hex:
 *   file N
 *   group NAME
 *   key NAME VALUE      VALUE is what g_key_file_get_value gives; a repeated key is printed once
 *   error DOMAIN-CODE MESSAGE
 *
 * Build: gcc -O2 -Wall keyfile-oracle.c $(pkg-config --cflags --libs glib-2.0) -o keyfile-oracle
 */
#include <glib.h>
#include <stdio.h>
#include <string.h>

static void print_hex(const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++)
		printf("%02x", *p);
}

static void print_group(GKeyFile *file, const char *group)
{
	GHashTable *seen = g_hash_table_new(g_str_hash, g_str_equal);
	gchar **keys = g_key_file_get_keys(file, group, NULL, NULL);

	printf("group ");
	print_hex(group);
	printf("\n");
	for (gchar **key = keys; key && *key; key++) {
		gchar *value;

		if (!g_hash_table_add(seen, *key))
			continue;
		value = g_key_file_get_value(file, group, *key, NULL);
		printf("key ");
		print_hex(*key);
		printf(" ");
		print_hex(value);
		printf("\n");
		g_free(value);
	}
	g_hash_table_destroy(seen);
	g_strfreev(keys);
}

/* Returns 0 when GLib accepts the bytes. */
static int print_file(unsigned number, const char *bytes, gsize length)
{
	GKeyFile *file = g_key_file_new();
	GError *error = NULL;
	int rejected = 0;

	printf("file %u\n", number);
	if (!g_key_file_load_from_data(file, bytes, length, G_KEY_FILE_NONE, &error)) {
		printf("error %s-%d ", g_quark_to_string(error->domain), error->code);
		print_hex(error->message);
		printf("\n");
		g_error_free(error);
		rejected = 1;
	} else {
		gchar **groups = g_key_file_get_groups(file, NULL);

		for (gchar **group = groups; *group; group++)
			print_group(file, *group);
		g_strfreev(groups);
	}
	g_key_file_free(file);
	return rejected;
}

static int print_packed(const unsigned char *bytes, gsize length)
{
	gsize at = 0;

	for (unsigned number = 0; at + 4 <= length; number++) {
		gsize size = bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 | (gsize)bytes[at + 3] << 24;

		at += 4;
		if (size > length - at) {
			fprintf(stderr, "file %u is cut off\n", number);
			return 2;
		}
		print_file(number, (const char *)bytes + at, size);
		at += size;
	}
	return 0;
}

int main(int argc, char **argv)
{
	int packed = argc == 3 && strcmp(argv[1], "--packed") == 0;
	gchar *bytes = NULL;
	gsize length = 0;
	GError *error = NULL;

	if (argc != 2 && !packed) {
		fprintf(stderr, "usage: keyfile-oracle [--packed] FILE\n");
		return 2;
	}
	if (!g_file_get_contents(argv[argc - 1], &bytes, &length, &error)) {
		fprintf(stderr, "%s\n", error->message);
		return 2;
	}
	return packed ? print_packed((unsigned char *)bytes, length) : print_file(0, bytes, length);
}
