/** A fault of compressed bytes, thrown inside this package only. */
export class PackingDamage extends Error {}
