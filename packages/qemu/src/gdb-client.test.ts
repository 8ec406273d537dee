import { codeOf } from '@osi-linux/test-fixtures/expect';
import { FakeChannel, FakeGdbStub } from '@osi-linux/test-fixtures/fake-qemu';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GdbClient } from './gdb-client';

const documents = {
  'target.xml': '<target><xi:include href="core.xml"/></target>',
  'core.xml': [
    '<feature name="org.gnu.gdb.i386.core">',
    '<reg name="rax" bitsize="64"/><reg name="eflags" bitsize="32"/>',
    '<!--reg name="ss_base" bitsize="64"/-->',
    '<reg name="st0" bitsize="80"/><reg name="k_gs_base" bitsize="64"/><reg name="cr3" bitsize="64" regnum="60"/>',
    '</feature>',
  ].join('\n'),
};
const registers = `${'1000000000000000'}${'02000000'}${'00'.repeat(10)}${'00f0ffffffffffff'}`;

describe('GdbClient', () => {
  it.each([true, false])('reads memory in pieces that fit into packets (no-ack mode: %s)', (noAck) => {
    const stub = new FakeGdbStub({ noAck });
    const gdb = GdbClient.open(stub.channel);
    const bytes = gdb.readMemory(0x1004, 10_000);
    expect([...bytes]).toEqual(Array.from({ length: 10_000 }, (_, at) => (0x1004 + at) % 256));
    const requests = stub.packets.filter((packet) => packet.startsWith('m'));
    expect(requests.length).toBeGreaterThan(4);
    expect(stub.channel.sent.at(-1)?.startsWith('+')).toBe(!noAck);
  });

  it('reads registers by the target description: what is in comments is none', () => {
    const stub = new FakeGdbStub({ documents, registers });
    stub.faults.set('p3c', [`+${FakeGdbStub.frame('0010000000000000')}`]);
    const gdb = GdbClient.open(stub.channel);
    expect(gdb.readThreads()).toEqual([1, 2]);
    expect(gdb.readRegisters(2)).toEqual({
      rax: 0x10n,
      rflags: 2n,
      kernel_gs_base: 0xfffffffffffff000n,
      cr3: 0x1000n,
    });
    expect(stub.packets).toContain('Hg2');
  });

  it('reads a description that is longer than a packet', () => {
    const long = { 'target.xml': `<!--${'x'.repeat(9000)}--><reg name="cr3" bitsize="64"/>` };
    const stub = new FakeGdbStub({ documents: long, registers: '0040000000000000' });
    expect(GdbClient.open(stub.channel).readRegisters(1)).toEqual({ cr3: 0x4000n });
  });

  it('switches to physical memory, and runs monitor commands', () => {
    const stub = new FakeGdbStub();
    const printed = ['O4869', 'O0a', 'OK'].map(FakeGdbStub.frame).join('');
    stub.faults.set('qRcmd,696e666f', [`+${printed}`]);
    const gdb = GdbClient.open(stub.channel);
    expect(gdb.readPhysicalMode()).toBe(false);
    gdb.setPhysicalMode(true);
    expect([stub.physical, gdb.readPhysicalMode()]).toEqual([true, true]);
    expect(gdb.monitor('info')).toBe('Hi\n');
  });

  it('sets breakpoints, waits for them, steps, and detaches', () => {
    const stub = new FakeGdbStub();
    const gdb = GdbClient.open(stub.channel);
    gdb.setBreakpoint(0xffffffff81000000n);
    expect([...stub.breakpoints]).toEqual(['ffffffff81000000,1']);
    gdb.cont();
    expect([gdb.isRunning, gdb.waitForStop(5)]).toEqual([true, undefined]);
    stub.hit(2);
    expect(gdb.waitForStop(5)).toEqual({ signal: 5, thread: 2 });
    expect(gdb.step(2)).toEqual({ signal: 5, thread: 2 });
    gdb.cont();
    expect(gdb.interrupt()).toEqual({ signal: 2, thread: 1 });
    gdb.clearBreakpoint(0xffffffff81000000n);
    gdb.detach();
    expect([stub.isRunning, stub.breakpoints.size, stub.channel.isClosed]).toEqual([true, 0, true]);
  });

  it('does not take a stop that nobody asked about for an answer', () => {
    const stub = new FakeGdbStub();
    stub.channel.say(FakeGdbStub.frame('T02thread:01;'));
    expect([...GdbClient.open(stub.channel).readMemory(3, 2)]).toEqual([3, 4]);
  });

  it('asks again for what arrives damaged, and gives up at the third time', () => {
    const stub = new FakeGdbStub();
    const gdb = GdbClient.open(stub.channel);
    stub.damage = 1;
    expect([...gdb.readMemory(1, 2)]).toEqual([1, 2]);
    stub.damage = 9;
    stub.faults.set('m', ['+', ...Array.from({ length: 3 }, () => '$0102#00')]);
    expect(codeOf(() => gdb.readMemory(1, 2))).toBe('LIVE_PROTOCOL');
  });

  it('sends again what the stub calls damaged, three times', () => {
    const stub = new FakeGdbStub();
    const gdb = GdbClient.open(stub.channel);
    stub.faults.set('m', ['-']);
    expect(codeOf(() => gdb.readMemory(1, 2))).toBe('LIVE_PROTOCOL');
    expect(stub.packets.filter((packet) => packet.startsWith('m'))).toHaveLength(3);
  });

  it.each([
    ['an error', 'E14', 'LIVE_COMMAND_FAILED'],
    ['nothing', '', 'LIVE_COMMAND_FAILED'],
    ['more than was asked for', '010203', 'LIVE_COMMAND_FAILED'],
    ['what is no hex', 'xx', 'LIVE_COMMAND_FAILED'],
  ])('reports %s in place of memory', (_, answer, code) => {
    const stub = new FakeGdbStub();
    const gdb = GdbClient.open(stub.channel);
    stub.faults.set('m', [`+${FakeGdbStub.frame(answer)}`]);
    expect(codeOf(() => gdb.readMemory(1, 2))).toBe(code);
  });

  it.each([
    ['a stub that another client has', [], 'LIVE_NO_ANSWER'],
    ['half a packet', ['+$Packet'], 'LIVE_NO_ANSWER'],
    ['a connection that is cut', ['+$Pac', 'cut'], 'LIVE_CONNECTION_LOST'],
    ['another protocol', ['SSH-2.0-OpenSSH_9.2\r\n'], 'LIVE_NO_ANSWER'],
  ])('reports %s', (_, greeting, code) => {
    expect(codeOf(() => GdbClient.open(new FakeChannel(() => [], greeting), 20))).toBe(code);
  });

  describe.each([
    ['bytes', 'x'.repeat(100)],
    ['acknowledgements', '+'],
    ['stops', FakeGdbStub.frame('T05thread:01;')],
    ['notifications', '%Stop:T05#00'],
    ['beginnings of packets', '$O4'],
  ])('a stub that sends %s without an end', (_, flood) => {
    it.each([
      ['memory', 'm', (gdb: GdbClient) => gdb.readMemory(0x1000, 64)],
      ['registers', 'g', (gdb: GdbClient) => gdb.readRegisters(1)],
      ['the output of the monitor', 'qRcmd', (gdb: GdbClient) => gdb.monitor('info')],
      ['threads', 'qfThread', (gdb: GdbClient) => gdb.readThreads()],
    ])('gets 10 s for %s', (_what, request, ask) => {
      const { channel, faults } = new FakeGdbStub({ documents, registers });
      const gdb = GdbClient.open(channel);
      faults.set(request, []);
      channel.flood = flood;
      expect(codeOf(() => ask(gdb))).toBe('LIVE_NO_ANSWER');
      expect(channel.clock.now()).toBe(10_001);
    });

    it('gets 10 s after it was connected', () => {
      const channel = new FakeChannel(() => []);
      channel.flood = flood;
      expect(codeOf(() => GdbClient.open(channel))).toBe('LIVE_NO_ANSWER');
      expect(channel.clock.now()).toBe(10_001);
    });
  });

  it('gives a monitor 10 s that prints nothing without an end', () => {
    const { channel, faults } = new FakeGdbStub();
    const gdb = GdbClient.open(channel);
    faults.set('qRcmd', []);
    channel.flood = FakeGdbStub.frame('O');
    expect(codeOf(() => gdb.monitor('info'))).toBe('LIVE_NO_ANSWER');
    expect(channel.clock.now()).toBe(10_001);
  });

  it('tells that the guest ended', () => {
    const stub = new FakeGdbStub();
    const gdb = GdbClient.open(stub.channel);
    gdb.cont();
    stub.channel.say(FakeGdbStub.frame('W00'));
    expect(codeOf(() => gdb.waitForStop(5))).toBe('LIVE_CONNECTION_LOST');
  });

  it('takes any bytes: an answer or an OsiError', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 40 }), { maxLength: 6 }), (said) => {
        const framed = said.map((text) => `+${FakeGdbStub.frame(text)}`);
        const channel = new FakeChannel(() => [framed.shift() ?? '']);
        const code = codeOf(() => GdbClient.open(channel, 5).readRegisters(1));
        expect(code).toMatch(/^(LIVE_|nothing)/);
      }),
      { numRuns: 60 },
    );
  });
});
