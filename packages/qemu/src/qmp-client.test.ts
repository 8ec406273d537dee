import { OsiError } from '@osi-linux/core';
import { codeOf } from '@osi-linux/test-fixtures/expect';
import { FakeChannel, FakeMonitor } from '@osi-linux/test-fixtures/fake-qemu';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { QmpClient } from './qmp-client';

describe('QmpClient', () => {
  it('answers, keeps events apart, and tells when they happened', () => {
    const monitor = new FakeMonitor();
    const qmp = QmpClient.open(monitor.channel);
    expect(qmp.execute('query-status')).toEqual({ running: true, status: 'running' });
    expect(qmp.execute('stop')).toEqual({});
    expect(qmp.takeEvents()).toEqual([{ name: 'STOP', timestamp: 1_795_376_240_117_311 }]);
    expect(qmp.takeEvents()).toEqual([]);
    qmp.close();
    expect(monitor.channel.isClosed).toBe(true);
  });

  it("gives QEMU's own words where it refuses", () => {
    const qmp = QmpClient.open(new FakeMonitor().channel);
    expect(() => qmp.execute('nonsense')).toThrow(
      'fake: QMP nonsense: The command nonsense has not been found',
    );
    expect(codeOf(() => qmp.execute('nonsense'))).toBe('LIVE_COMMAND_FAILED');
  });

  it('sends several commands at once, and keeps their answers apart', () => {
    const monitor = new FakeMonitor();
    const qmp = QmpClient.open(monitor.channel);
    const before = monitor.channel.sent.length;
    const [stopped, refused, status] = qmp.executeAll(
      ['stop', 'nonsense', 'query-status'].map((execute) => ({ execute })),
    );
    expect(monitor.channel.sent.length - before).toBe(1);
    expect(stopped).toEqual({});
    expect(OsiError.is(refused) && refused.code).toBe('LIVE_COMMAND_FAILED');
    expect(status).toEqual({ running: false, status: 'paused' });
  });

  it('takes answers in pieces, also within a character', () => {
    const text = '{"QMP": {}}\n{"return": {}, "id": 1}\n{"return": "\u00e9\u4e2d", "id": 2}\n';
    const pieces = [...new TextEncoder().encode(text)].map((byte) => String.fromCharCode(byte));
    expect(QmpClient.open(new FakeChannel(() => [], pieces)).execute('x')).toBe('\u00e9\u4e2d');
  });

  it.each([
    ['a monitor that another client has', [], 'LIVE_NO_ANSWER'],
    ['half a greeting', ['{"QMP": {"ver'], 'LIVE_NO_ANSWER'],
    ['a greeting and no more', ['{"QMP": {}}\n'], 'LIVE_NO_ANSWER'],
    ['a connection that is cut', ['{"QMP"', 'cut'], 'LIVE_CONNECTION_LOST'],
    ['another protocol', ['SSH-2.0-OpenSSH_9.2\r\n'], 'LIVE_PROTOCOL'],
    ['a JSON value that is no object', ['12\n'], 'LIVE_PROTOCOL'],
    ['an object that is no greeting', ['{"return": {}}\n'], 'LIVE_PROTOCOL'],
    ['a line without an end', ['x'.repeat(17 * 1024 * 1024)], 'LIVE_PROTOCOL'],
  ])('reports %s', (_, greeting, code) => {
    expect(codeOf(() => QmpClient.open(new FakeChannel(() => [], greeting), 50))).toBe(code);
  });

  it('names an answer that is cut', () => {
    const monitor = new FakeMonitor();
    const qmp = QmpClient.open(monitor.channel, 50);
    monitor.faults.set('stop', ['{"return": {', 'cut']);
    expect(codeOf(() => qmp.execute('stop'))).toBe('LIVE_CONNECTION_LOST');
  });

  it.each([
    ['events', '{"event": "X"}\n'],
    ['answers to other commands', '{"return": 1, "id": 99}\n'],
    ['objects', '{}\n'],
    ['empty lines', '\n'.repeat(1000)],
    ['bytes', ' '.repeat(100)],
  ])('gives a monitor 10 s that sends %s without an end', (_, flood) => {
    const monitor = new FakeMonitor();
    const qmp = QmpClient.open(monitor.channel);
    monitor.faults.set('stop', []);
    monitor.channel.flood = flood;
    expect(codeOf(() => qmp.execute('stop'))).toBe('LIVE_NO_ANSWER');
    expect(monitor.channel.clock.now()).toBe(10_001);
    expect(qmp.takeEvents().length).toBeLessThanOrEqual(1024);
  });

  it('takes many empty lines at once', () => {
    const greeting = `${'\n'.repeat(1_000_000)}{"QMP": {}}\n{"return": {}, "id": 1}\n`;
    expect(codeOf(() => QmpClient.open(new FakeChannel(() => [], [greeting])))).toBe('nothing was thrown');
  });

  it('passes over answers to other commands, and bounds the events it keeps', () => {
    const monitor = new FakeMonitor();
    const qmp = QmpClient.open(monitor.channel);
    monitor.channel.say('{"return": 1, "id": 99}\r\n', '{"return": 2}\r\n', '{"event": "X"}\n'.repeat(3000));
    expect(qmp.execute('query-status')).toEqual({ running: true, status: 'running' });
    expect(qmp.takeEvents()).toHaveLength(1024);
  });

  it('takes any lines: an answer or an OsiError', () => {
    const line = fc.oneof(fc.json(), fc.string(), fc.constant('{"return": 1, "id": 2}'));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
        const text = ['{"QMP": {}}', '{"return": {}, "id": 1}', ...lines].join('\n');
        const bytes = String.fromCharCode(...new TextEncoder().encode(`${text}\n`));
        const channel = new FakeChannel(() => [], [bytes]);
        expect(['nothing was thrown', 'LIVE_NO_ANSWER', 'LIVE_PROTOCOL', 'LIVE_COMMAND_FAILED']).toContain(
          codeOf(() => QmpClient.open(channel, 5).execute('x')),
        );
      }),
    );
  });
});
