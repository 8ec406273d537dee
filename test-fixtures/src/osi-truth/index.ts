export type { WritableGuest } from './check-memory';
export { CHECKED_CALLS, checkOsiCalls } from './check-osi-calls';
export { falsified } from './falsified';
export { readStoppedGuest, type StoppedGuest } from './stopped-guest';
