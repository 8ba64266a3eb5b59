/** Addresses for people to read: what is in them to prove who asks is taken out. */
import { CREDENTIAL_NAME, REMOVED } from './credential-names.ts';

const URL_LENGTH = 2_000;

/** Every step notes the same address again until the page leaves it. */
let last = { text: '', readable: '' };

/** Without user name and password, and without the values of parameters that are credentials by their name; bounded. */
export function readableUrl(text: string): string {
  if (text !== last.text) {
    const readable = withoutCredentials(text);
    if (text.length > URL_LENGTH) return readable;
    last = { text, readable };
  }
  return last.readable;
}

function withoutCredentials(text: string): string {
  if (!URL.canParse(text)) return text.slice(0, URL_LENGTH);
  const url = new URL(text);
  if (url.protocol === 'data:') return `${text.split(',', 1)[0]?.slice(0, 100) ?? 'data:'},…`;
  url.username = '';
  url.password = '';
  for (const name of new Set(url.searchParams.keys())) {
    if (CREDENTIAL_NAME.test(name)) url.searchParams.set(name, REMOVED);
  }
  // Sign-ins by redirect bring tokens behind the #, written as parameters.
  if (url.hash.includes('=')) url.hash = REMOVED;
  return url.href.slice(0, URL_LENGTH);
}
