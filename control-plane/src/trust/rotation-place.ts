/** Cursors of the lists of rotations and stragglers: where to go on. */
import { z } from 'zod';
import type { AgentPlace } from './rotation-facts.store.ts';

const Place = z.tuple([z.string().max(100), z.uuid()]);

export function writePlace({ tenant, id }: AgentPlace): string {
  return Buffer.from(JSON.stringify([tenant, id])).toString('base64url');
}

/** `undefined` for a text that is no cursor of ours; `of` when it must be of that list. */
export function readPlace(text: string, of?: string): AgentPlace | undefined {
  try {
    const [tenant, id] = Place.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
    return of === undefined || of === tenant ? { tenant, id } : undefined;
  } catch {
    return undefined;
  }
}
