export * from './booted-emulator';
export * from './fake-emulator';
export * from './live-rows';
export * from './v86-media';
