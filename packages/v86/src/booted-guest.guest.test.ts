import { buildV86Media } from '@osi-linux/test-fixtures/v86-guest';

// Makes what the guest boots from, so that the tests of the other file do not skip it.
await buildV86Media();
await import('./booted-guest.test');
