/** What a key does in the viewer. Pure. */

export type KeyAct = 'next' | 'previous' | 'first' | 'last' | 'search' | 'overview';

const ACTS: Readonly<Record<string, KeyAct>> = {
  ArrowDown: 'next',
  j: 'next',
  ArrowUp: 'previous',
  k: 'previous',
  Home: 'first',
  End: 'last',
  '/': 'search',
  Escape: 'overview',
};

/** Null for keys that belong to the browser or to the field that has the focus. */
export function actOf(
  event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey'>,
  inField: 'text' | 'slider' | null,
): KeyAct | null {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  const act = ACTS[event.key] ?? null;
  // A field of one line has no use for these: what was found is gone through while more is typed.
  if (inField === 'text')
    return event.key === 'Enter' ? 'next' : event.key.startsWith('Arrow') || act === 'overview' ? act : null;
  // A slider takes arrows, Home and End for itself.
  if (inField === 'slider') return event.key.length === 1 ? act : null;
  return act;
}

/** Which kind of field an element is. */
export function fieldOf(element: EventTarget | null): 'text' | 'slider' | null {
  if (element instanceof HTMLInputElement) return element.type === 'range' ? 'slider' : 'text';
  return element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement ? 'text' : null;
}
