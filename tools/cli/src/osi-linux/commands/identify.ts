import { formatFinding } from '@osi-linux/core';
import type { Guest, Identity } from '@osi-linux/guest';
import { identifyGuest } from '@osi-linux/guest';
import { findKeyFile } from '@osi-linux/guest/node';
import { type JsonRow, jsonAddress } from '../../output/json-value';
import { cellText } from '../../output/print-rows';
import type { Settings } from '../../settings/settings';

/** Identifies a dump, and lists where each setting came from. */
export function identify(dump: Guest['dump'], settings: Settings): Identity {
  const { kconfFile, kconfGroup, kconfPlaces, format } = settings;
  const open = kconfFile.value === undefined;
  const file = findKeyFile(kconfFile.value === undefined ? kconfPlaces : [kconfFile.value]);
  const found = identifyGuest(dump, {
    keyFile: file?.keyFile,
    kconfFile: file?.path ?? kconfFile.value,
    kconfGroup: kconfGroup.value,
    places: open ? kconfPlaces : [],
  });
  const decided = [
    {
      what: 'kconf_file',
      value: file?.path ?? kconfFile.value ?? 'none',
      evidence: open ? `default: the first that is there of ${kconfPlaces.join(', ')}` : kconfFile.from,
    },
    { what: 'kconf_group', value: kconfGroup.value ?? 'the one that fits', evidence: kconfGroup.from },
    { what: 'format', value: format.value, evidence: format.from },
  ];
  return { ...found, findings: [...found.findings, ...decided] };
}

/** The identity as the JSON has it. */
export function identityRow({ problem: _, ...found }: Identity): JsonRow {
  return {
    ...found,
    kernel: { ...found.kernel },
    kaslrShift: jsonAddress(found.kaslrShift),
    profile: found.profile === null ? null : { ...found.profile },
    memory: { ...found.memory },
    findings: found.findings.map((finding) => ({ ...formatFinding(finding) })),
  };
}

/** The identity for people. */
export function formatIdentity(found: Identity): string {
  const { kernel, profile, memory } = found;
  const lines: (readonly [string, string])[] = [
    ['format', found.format],
    ['banner', cellText(kernel.banner)],
    ['release', cellText(kernel.release)],
    ['machine', cellText(kernel.machine)],
    ['paging', cellText(found.paging)],
    ['KASLR shift', cellText(jsonAddress(found.kaslrShift))],
    ['cpus', String(found.cpus)],
    ['profile', profile === null ? '-' : cellText(profileText(profile))],
    ['memory', `${memory.pages} pages, ${memory.bytes} bytes`],
  ];
  const facts = lines.map(([title, value]) => `${title.padEnd(12)} ${value}`);
  const findings = found.findings
    .map(formatFinding)
    .map(({ what, value, evidence }) => `  ${cellText(what)}: ${cellText(value)} (${cellText(evidence)})`);
  return [...facts, 'findings', ...findings].join('\n');
}

function profileText({ group, from }: NonNullable<Identity['profile']>): string {
  return group === null ? `${from} from the guest's own types and symbols` : `[${group}] (${from})`;
}
