/** The fields of rows that rows of a truth have: a listing may gain further ones. */
export function pickFields(rows: readonly object[], like: readonly object[]): object[] {
  const fields = new Set(Object.keys(like[0] ?? {}));
  return rows.map((row) => Object.fromEntries(Object.entries(row).filter(([field]) => fields.has(field))));
}
