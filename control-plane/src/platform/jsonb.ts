/**
 * JSON text that Postgres stores as jsonb. It refuses U+0000 and lone surrogates, which pages and programs do produce;
 * they become U+FFFD, so that one odd character never fails a batch that carries other agents' events.
 */
export function jsonb(value: unknown): string {
  const text = JSON.stringify(value);
  return /\\u(0000|d[89a-f])/i.test(text) ? JSON.stringify(value, (_, member: unknown) => clean(member)) : text;
}

function clean(member: unknown): unknown {
  if (typeof member === 'string') return cleanText(member);
  if (member === null || typeof member !== 'object' || Array.isArray(member)) return member;
  return Object.fromEntries(Object.entries(member).map(([key, value]) => [cleanText(key), value]));
}

function cleanText(text: string): string {
  return text.replaceAll('\u0000', '\ufffd').toWellFormed();
}
