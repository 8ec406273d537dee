const ESCAPES: Readonly<Record<string, string>> = { s: ' ', n: '\n', t: '\t', r: '\r', '\\': '\\' };

/** Decodes a value as `g_key_file_get_string` does, or gives the escape that GLib does not know. */
export function decodeEscapes(text: string): string | { readonly escape: string } {
  let wrong: string | undefined;
  const decoded = text.replace(/\\(.?)/gsu, (whole, letter: string) => {
    const character = ESCAPES[letter];
    if (character === undefined) wrong ??= whole;
    return character ?? whole;
  });
  return wrong === undefined ? decoded : { escape: wrong };
}
