const IPV4_LENGTH = 4;
/** The first bytes of an IPv4 address in the form of an IPv6 one (RFC 4291, 2.5.5.2). */
const V4_MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

/** An address of 4 or 16 bytes in network order, and a port: `127.0.0.1:80`, `[::1]:80`. */
export function formatEndpoint(address: Uint8Array, port: number): string {
  return address.length === IPV4_LENGTH
    ? `${formatIpv4(address)}:${port}`
    : `[${formatIpv6(address)}]:${port}`;
}

function formatIpv4(bytes: Uint8Array): string {
  return bytes.join('.');
}

/** The one form that RFC 5952 leaves: lower case, no leading zeros, the first of the longest runs of zeros as `::`. */
function formatIpv6(bytes: Uint8Array): string {
  if (V4_MAPPED.every((byte, index) => bytes[index] === byte))
    return `::ffff:${formatIpv4(bytes.subarray(12))}`;
  const words = Array.from(
    { length: 8 },
    (_, index) => ((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0),
  );
  const { start, length } = longestZeros(words);
  const text = (part: readonly number[]) => part.map((word) => word.toString(16)).join(':');
  if (length < 2) return text(words);
  return `${text(words.slice(0, start))}::${text(words.slice(start + length))}`;
}

function longestZeros(words: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < words.length; start += 1) {
    let end = start;
    while (end < words.length && words[end] === 0) end += 1;
    if (end - start > best.length) best = { start, length: end - start };
  }
  return best;
}
