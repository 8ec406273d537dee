import type { OsiError, VirtualAddress } from '@osi-linux/core';
import { implausible } from '../kernel/implausible';
import { KernelStruct } from '../kernel/kernel-struct';

/** More than AF_MAX of any kernel (include/linux/socket.h); 0 is AF_UNSPEC, which no socket has. */
const FAMILY_LIMIT = 64;
/** The states of TCP end with TCP_NEW_SYN_RECV (include/net/tcp_states.h); 0 is not a state. */
const LAST_STATE = 12;
const BYTE = 0xff;
const HALF = 0xffff;

/**
 * The network's side of a socket of any family. Corresponds to `sock`.
 *
 * Every property reads guest memory when it is asked for, and throws the fault of the page,
 * `STRUCT_IMPLAUSIBLE` for what no socket has, or `PROFILE_KEY_MISSING`. Source: include/net/sock.h.
 */
export class Sock extends KernelStruct {
  /** Number of the address family: `AF_INET` is 2. Corresponds to `sock.__sk_common.skc_family`. */
  get family(): number {
    const family = this.u16('sock.skc_family_offset');
    if (family > 0 && family < FAMILY_LIMIT) return family;
    throw this.contradiction('skc_family', family, `1 to ${FAMILY_LIMIT - 1}`);
  }

  /** State by the numbers of TCP, which some other families share. Corresponds to `sock.__sk_common.skc_state`. */
  get state(): number {
    const state = this.u32('sock.skc_state_offset') & BYTE;
    if (state > 0 && state <= LAST_STATE) return state;
    throw this.contradiction('skc_state', state, `1 to ${LAST_STATE}`);
  }

  /** The `struct socket` of a process; 0 where no process has it open any more. Corresponds to `sock.sk_socket`. */
  get socket(): VirtualAddress {
    return this.word('sock.sk_socket_offset');
  }

  /** The address of this end as text; `undefined` if it has none, or the family is not known here. */
  get local(): string | undefined {
    return undefined;
  }

  /**
   * The address of the other end as text; `undefined` if there is no address, or the family is not known
   * here.
   */
  get remote(): string | undefined {
    return undefined;
  }

  /** A member of 2 bytes, in the guest's order. */
  protected u16(
    key:
      | 'sock.skc_family_offset'
      | 'sock.skc_num_offset'
      | 'sock.skc_dport_offset'
      | 'inet_sock.inet_sport_offset',
  ): number {
    return this.u32(key) & HALF;
  }

  /** The error for memory that is not a socket. */
  protected contradiction(member: string, received: number | VirtualAddress, expected: string): OsiError {
    return implausible({ struct: 'sock', address: this.address, member, received, expected });
  }
}
