/** What is wrong with compressed bytes, thrown inside of this package only. */
export class PackingDamage extends Error {}
