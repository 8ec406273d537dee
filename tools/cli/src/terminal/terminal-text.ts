/**
 * The data that a stream is given: on a terminal, text without characters that turn or hide others, as the escapes of
 * JSON, so that JSON keeps its meaning. The controls of ASCII stay: colours and the cursor need them, and JSON has none.
 */
export function dataFor(
  stream: { readonly isTTY?: boolean },
  data: string | Uint8Array,
): string | Uint8Array {
  if (typeof data !== 'string' || stream.isTTY !== true) return data;
  return data.replace(/[\x7f-\x9f\p{Cf}\p{DI}\u2028\u2029]/gu, jsonEscapes);
}

function jsonEscapes(character: string): string {
  let text = '';
  for (let at = 0; at < character.length; at += 1)
    text += `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`;
  return text;
}
