export * from './fake-channel';
export * from './fake-gdb-stub';
export * from './fake-monitor';
export * from './qmp-server';
export * from './turned-clock';
