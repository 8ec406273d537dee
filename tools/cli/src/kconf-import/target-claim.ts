import { createHash, randomBytes } from 'node:crypto';
import { closeSync, openSync, readdirSync, statSync, unlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { OsiError } from '@osi-linux/core';
import { type ClaimOwner, isAlive, ownClaimOwner } from './claim-owner';

/** How long another run may take, in milliseconds. */
const PATIENCE = 30_000;
/** A claim from another machine or container counts as left behind after this many milliseconds. */
const FOREIGN_AGE = 10_000;
const NAME = /^\.kconf-import-([0-9a-f]{12})-([0-9a-f]{8})-(\d{1,10})-(\d{1,16})-([0-9a-f]{20})\.tmp$/;

/**
 * The right to change a file, and at the same time the file that takes its place.
 *
 * A claim is a file beside the target, whose name contains its owner. A process that sees no other claim of a
 * living process may go on; renaming the claim over the target gives it up. Removing a claim makes that
 * renaming impossible, so that a claim which was wrongly taken for a dead one loses nothing.
 */
export interface TargetClaim {
  readonly path: string;
  /** Descriptor of the claim, open for writing; its owner alone may read it so far. */
  readonly file: number;
}

/** The clock that times the wait for a claim: that of the machine, or one that a test turns. */
export interface ClaimClock {
  /** Milliseconds since 1970, as the times of files. */
  now(): number;
  sleep(milliseconds: number): Promise<unknown>;
}

const SYSTEM_CLOCK: ClaimClock = { now: () => Date.now(), sleep: (milliseconds) => sleep(milliseconds) };

interface FoundClaim extends ClaimOwner {
  readonly path: string;
  readonly target: string;
  /** Earlier ones first. */
  readonly order: string;
}

/**
 * Waits until nobody else changes the file. The claim ends with {@link dropClaim}, or when it is renamed.
 *
 * @throws OsiError `FILE_LOCKED` when another run takes too long. What the file system says passes through.
 */
export async function takeClaim(
  target: string,
  patience = PATIENCE,
  clock = SYSTEM_CLOCK,
): Promise<TargetClaim> {
  const own = newClaim(target);
  const deadline = clock.now() + patience;
  let claim: TargetClaim | undefined;
  for (;;) {
    claim ??= { path: own.path, file: openSync(own.path, 'wx', 0o600) };
    const others = findOthers(own, claim, clock);
    if (others.length === 0) return claim;
    const isLate = clock.now() > deadline;
    // The earliest stays and is next; the others step back, or they would wait for each other.
    if (isLate || others.some(({ order }) => order < own.order)) {
      dropClaim(claim);
      claim = undefined;
    }
    if (isLate) throw locked(target, others);
    await clock.sleep(5 + Math.random() * 20);
  }
}

/** Gives a claim up; the target stays as it is. */
export function dropClaim({ path, file }: TargetClaim): void {
  closeSync(file);
  removeFile(path);
}

function newClaim(target: string): FoundClaim {
  const owner = ownClaimOwner();
  const hash = createHash('sha256').update(basename(target)).digest('hex').slice(0, 12);
  const order = Date.now().toString(16).padStart(12, '0') + randomBytes(4).toString('hex');
  const name = `.kconf-import-${hash}-${owner.realm}-${owner.pid}-${owner.start}-${order}.tmp`;
  return { ...owner, path: join(dirname(target), name), target: hash, order };
}

function findOthers(own: FoundClaim, claim: TargetClaim, clock: ClaimClock): FoundClaim[] {
  try {
    return livingOthers(own, clock);
  } catch (error) {
    dropClaim(claim);
    throw error;
  }
}

/** The claims of others on the same file; those that dead runs have left, on any file, are removed. */
function livingOthers(own: FoundClaim, clock: ClaimClock): FoundClaim[] {
  const folder = dirname(own.path);
  const others = readdirSync(folder).flatMap((name) => parseClaim(folder, name) ?? []);
  return others.filter((claim) => {
    if (claim.path === own.path) return false;
    const living = claim.realm === own.realm ? isAlive(claim) : isYoung(claim.path, clock);
    if (!living) removeFile(claim.path);
    return living && claim.target === own.target;
  });
}

function parseClaim(folder: string, name: string): FoundClaim | undefined {
  const [, target, realm, pid, start, order] = NAME.exec(name) ?? [];
  if (target === undefined || realm === undefined || order === undefined) return undefined;
  return { path: join(folder, name), target, realm, pid: Number(pid), start: Number(start), order };
}

function isYoung(path: string, clock: ClaimClock): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats !== undefined && Math.abs(clock.now() - stats.mtimeMs) < FOREIGN_AGE;
}

/** Removes a claim if it is still there; one that may not be removed, as in `/tmp`, does no harm. */
function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!['ENOENT', 'EPERM', 'EACCES', 'EROFS'].includes(code)) throw error;
  }
}

function locked(target: string, [other]: readonly FoundClaim[]): OsiError {
  const who = other === undefined ? 'another run' : `kconf-import (process id ${other.pid})`;
  return new OsiError('FILE_LOCKED', `${who} has locked ${target}; nothing was written`, {
    hint: 'wait until it ends, then run the command again',
    fields: { path: target, pid: other?.pid ?? null },
  });
}
