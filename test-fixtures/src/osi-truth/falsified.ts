/** The same object, but for one of its calls, which gives a wrong answer. */
export function falsified<Target extends object>(target: Target, call: string): Target {
  return new Proxy(target, {
    get(_, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        const answer: unknown = Reflect.apply(member, target, args);
        return name === call ? wrong(answer) : answer;
      };
    },
  });
}

/** An answer of the same kind that is another. */
function wrong(answer: unknown): unknown {
  if (typeof answer === 'boolean') return !answer;
  if (typeof answer === 'number') return answer + 1;
  if (typeof answer === 'bigint') return answer + 8n;
  if (typeof answer === 'string') return `${answer}?`;
  if (answer === null || answer === undefined) return 1;
  if (answer instanceof Uint8Array) return answer.map((byte) => byte ^ 0xff);
  if (Array.isArray(answer))
    return Object.assign(answer.slice(1), { skipped: Reflect.get(answer, 'skipped') });
  return Object.fromEntries(
    Object.entries(answer as object).map(([field, value]) => [
      field,
      field === 'skipped' ? value : wrong(value),
    ]),
  );
}
