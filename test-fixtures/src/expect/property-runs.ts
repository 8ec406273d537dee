/**
 * How often a property with expensive runs is tried: as often as given here, times
 * `OSI_LINUX_PROPERTY_FACTOR`, which the gate of a landing sets.
 */
export function propertyRuns(runs: number): number {
  const factor = Number(process.env['OSI_LINUX_PROPERTY_FACTOR'] ?? 1);
  return Math.max(1, Math.round(runs * (Number.isFinite(factor) ? factor : 1)));
}
