export { type LiveGuestOptions, openLiveGuest, parseGdbAddress, parseLiveSource } from './open-live-guest';
export { type HostAddress, openSocketChannel, type SocketPath, type SocketTarget } from './socket-channel';
