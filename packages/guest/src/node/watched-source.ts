import { OsiError } from '@osi-linux/core';
import type { ByteSource, Finding } from '@osi-linux/memory';

/**
 * A source whose first failed read becomes a finding. The error is thrown all the same: readers of pages take it for a hole
 * in memory, and a kernel behind such a hole seems not to be there. Closing it closes the source.
 */
export function watchSource(source: ByteSource, findings: Finding[]): ByteSource {
  let failed = false;
  const read = (position: number, into: Uint8Array): number => {
    try {
      return source.read(position, into);
    } catch (error) {
      if (!failed && OsiError.is(error)) findings.push(failedFinding(error));
      failed = true;
      throw error;
    }
  };
  const { name, size, beside } = source;
  return {
    name,
    size,
    get extents() {
      return source.extents;
    },
    read,
    close: () => source.close(),
    ...(beside === undefined ? {} : { beside: beside.bind(source) }),
  };
}

function failedFinding({ message, hint, code }: OsiError): Finding {
  return { what: 'source-failed', title: 'source', value: message, evidence: hint ?? code };
}
