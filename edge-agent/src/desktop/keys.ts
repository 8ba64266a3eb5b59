/**
 * Keys as documents write them: `{Enter}`, `{Control+Shift+S}`, `{Tab 3}`, and text between them. Pure; drivers know the
 * names in `KEY_NAMES`, `F1` to `F24`, and every single character.
 */

/** The names of keys, as they are shown to people; case does not matter. */
const KEY_NAMES = [
  ...['Enter', 'Tab', 'Escape', 'Backspace', 'Delete', 'Insert', 'Space', 'Home', 'End', 'PageUp', 'PageDown'],
  ...['ArrowLeft', 'ArrowUp', 'ArrowRight', 'ArrowDown', 'ContextMenu', 'PrintScreen', 'Pause'],
  ...['Control', 'Shift', 'Alt', 'Meta'],
] as const;

/** What other programs call them. */
const OTHER_NAMES: Readonly<Record<string, (typeof KEY_NAMES)[number]>> = {
  ctrl: 'Control',
  esc: 'Escape',
  return: 'Enter',
  del: 'Delete',
  ins: 'Insert',
  left: 'ArrowLeft',
  up: 'ArrowUp',
  right: 'ArrowRight',
  down: 'ArrowDown',
  pgup: 'PageUp',
  pgdn: 'PageDown',
  win: 'Meta',
  super: 'Meta',
  option: 'Alt',
};

/** Times that one key may be asked for. */
const MAX_TIMES = 1_000;

/** A part of what is pressed: text that is typed, or keys that are held together. */
export type KeyPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'press'; readonly keys: readonly string[]; readonly times: number };

/** `why` says what is wrong and what to write. */
export type KeysResult =
  { readonly ok: true; readonly parts: readonly KeyPart[] } | { readonly ok: false; readonly why: string };

/** Reads what a document asks to be pressed. */
export function parseKeys(text: string): KeysResult {
  const parts: KeyPart[] = [];
  let typed = '';
  const flush = (): void => {
    if (typed !== '') parts.push({ kind: 'text', text: typed });
    typed = '';
  };
  for (let at = 0; at < text.length;) {
    const rest = text.slice(at);
    if (rest.startsWith('{{') || rest.startsWith('}}')) {
      typed += rest.slice(0, 1);
      at += 2;
      continue;
    }
    const braced = /^\{([^{}]+)\}/.exec(rest);
    if (braced !== null) {
      flush();
      const pressed = pressOf(braced[1]!);
      if (typeof pressed === 'string') return { ok: false, why: pressed };
      parts.push(pressed);
      at += braced[0].length;
      continue;
    }
    if (rest[0] === '{' || rest[0] === '}')
      return { ok: false, why: 'a brace that is meant itself is written twice: {{ or }}' };
    typed += rest.slice(0, 1);
    at += 1;
  }
  flush();
  return { ok: true, parts };
}

function pressOf(inside: string): Extract<KeyPart, { kind: 'press' }> | string {
  const [, names = '', count] = /^(.*?)(?: (\d{1,4}))?$/s.exec(inside.trim()) ?? [];
  const times = count === undefined ? 1 : Number(count);
  if (times < 1 || times > MAX_TIMES) return `a key is pressed 1 to ${MAX_TIMES} times`;
  // `Control++` is Control and the plus key.
  const written =
    names === '+' ? ['+'] : names.endsWith('++') ? [...names.slice(0, -2).split('+'), '+'] : names.split('+');
  const keys: string[] = [];
  for (const name of written) {
    const key = keyNamed(name);
    if (key === null)
      return `there is no key ${JSON.stringify(name)}: write names such as ${KEY_NAMES.slice(0, 6).join(', ')}, F5 or Control+S`;
    keys.push(key);
  }
  return { kind: 'press', keys, times };
}

/** The name that drivers know; null for what is no key. */
function keyNamed(name: string): string | null {
  const lower = name.toLowerCase();
  const other = Object.hasOwn(OTHER_NAMES, lower) ? OTHER_NAMES[lower] : undefined;
  const known = other ?? KEY_NAMES.find((key) => key.toLowerCase() === lower);
  if (known !== undefined) return known;
  if (/^f([1-9]|1\d|2[0-4])$/.test(lower)) return lower.toUpperCase();
  return [...name].length === 1 ? name : null;
}
