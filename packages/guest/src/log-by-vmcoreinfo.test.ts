import { parseVmcoreinfo } from '@osi-linux/symbols';
import { describe, expect, it } from 'vitest';
import { typesInNote } from './log-by-vmcoreinfo';

describe('the structures of the log in a VMCOREINFO note', () => {
  it.each(['printk_log', 'log'])('are those of struct %s', (name) => {
    const types = typesInNote(
      parseVmcoreinfo(`SIZE(${name})=16\nOFFSET(${name}.ts_nsec)=0\nOFFSET(${name}.text_len)=10\n`),
    );
    expect(types.sizeOf('printk_log')).toBe(16);
    expect(types.member('printk_log.ts_nsec')?.offset).toBe(0);
    expect(types.member('printk_log.text_len')?.offset).toBe(10);
    expect(types.member('printk_log.len')).toBeUndefined();
    expect(types.sizeOf('printk_info')).toBeUndefined();
  });

  it('are not taken from numbers that no structure has', () => {
    const types = typesInNote(parseVmcoreinfo('SIZE(log)=65537\nOFFSET(printk_log.len)=-8\n'));
    expect(types.sizeOf('printk_log')).toBeUndefined();
    expect(types.member('printk_log.len')).toBeUndefined();
  });
});
