/**
 * The used members of an emulator of the npm package `v86`: any instance of its class `V86` is one.
 *
 * Its processor is reached through the property `v86`, which the package's own types leave out: it is checked when the
 * guest is opened.
 */
export interface V86Emulator {
  /** Whether it runs, and is not stopped. */
  is_running(): boolean;
}

/** Numbers in a row, as typed arrays and v86's own views of the processor's state are. */
export interface V86Slots {
  readonly [index: number]: number | undefined;
}

/** The processor of an emulator, as far as it is read. */
export interface V86Processor {
  /** Guest-physical memory from 0; another array once the memory of the emulator has grown. */
  readonly mem8: Uint8Array;
  /** CR0, -, CR2, CR3, CR4. */
  readonly cr: V86Slots;
  /** EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI. */
  readonly reg32: V86Slots;
  /** Selectors: ES, CS, SS, DS, FS, GS, TR, LDTR. */
  readonly sreg: V86Slots;
  /** Bases of the segments, in the same order. */
  readonly segment_offsets: V86Slots;
  /** Linear address of the next instruction. */
  readonly instruction_pointer: V86Slots;
  /** EFLAGS. */
  get_eflags(): number;
}
