export { type Guest, type GuestBytesOptions, openGuest, openGuestBytes } from './guest';
export { type Identity, identifyGuest } from './identity';
export type { KernelRoot } from './kernel-root';
export type { ProfileChoice, ProfileSource } from './profile-choice';
export type { ProfileNames } from './profile-names';
