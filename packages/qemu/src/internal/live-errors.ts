import { OsiError } from '@osi-linux/core';
import type { ByteChannel } from '../byte-channel';

/** A peer that sends nothing within the time it was given. */
export function noAnswer(channel: ByteChannel, to: string, timeoutMs: number): OsiError {
  return new OsiError('LIVE_NO_ANSWER', `${channel.name}: no answer to ${to} within ${timeoutMs} ms`, {
    hint: 'QEMU accepts one client at a time: close the other client; if the machine is busy, try again',
    fields: { source: channel.name, to, timeoutMs },
  });
}

/** A peer that sends text that its protocol does not allow. */
export function protocolBroken(channel: ByteChannel, what: string, hint: string): OsiError {
  return new OsiError('LIVE_PROTOCOL', `${channel.name}: ${what}`, {
    hint,
    fields: { source: channel.name },
  });
}
