// Addresses, safe text and errors: what every layer of osi-linux shares.
import { escapeControls, formatAddress, formatErrorChain, OsiError, parseAddress } from '@osi-linux/core';

export function run(): string[] {
  const lines = [formatAddress(parseAddress('18446744071615068032')), escapeControls('a name\u001b[31m')];
  try {
    parseAddress('somewhere');
  } catch (error) {
    if (OsiError.is(error)) lines.push(error.code, formatErrorChain(error));
  }
  return lines;
}
