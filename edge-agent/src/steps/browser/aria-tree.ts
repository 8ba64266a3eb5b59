/**
 * The page's accessibility tree as a flat list: what can be named in a selector, in reading order, with what stands in
 * frames.
 */
import type { Locator, Page } from 'playwright-core';
import { z } from 'zod';
import { isSelectorRole, type SelectorRole } from '@casare/shared/workflow';

/** An element with a role that selectors know. */
export interface AriaNode {
  readonly role: SelectorRole;
  /** The accessible name; empty for none. */
  readonly name: string;
  /** Of a frame without a name: its address, fit for a selector's `url`. */
  readonly url?: string;
  /** From the outermost in; frames among them. */
  readonly ancestors: readonly AriaNode[];
}

/** Larger trees are cut: they serve to propose a handful of selectors. */
const MAX_NODES = 5_000;
/** Frames that are asked for their names. */
const MAX_FRAMES = 30;
const SNAPSHOT_MS = 1_500;

const Snapshot: z.ZodType<RawNode[]> = z.lazy(() => z.array(z.union([RawNode, z.string().transform(() => ({}))])));
const RawNode = z.object({
  role: z.string().optional(),
  name: z.string().optional(),
  ref: z.string().optional(),
  children: z.lazy(() => Snapshot).optional(),
});
interface RawNode {
  role?: string | undefined;
  name?: string | undefined;
  ref?: string | undefined;
  children?: RawNode[] | undefined;
}

/** The elements inside `root`. */
export async function nodesOf(page: Page, root: Page | Locator): Promise<AriaNode[]> {
  const raw = Snapshot.parse(await root.ariaSnapshotJSON({ mode: 'ai', timeout: SNAPSHOT_MS }));
  const frames = await factsOfFrames(page, framesIn(raw).slice(0, MAX_FRAMES));
  const nodes: AriaNode[] = [];
  collect(raw, [], nodes, frames);
  return nodes;
}

function collect(
  raw: readonly RawNode[],
  ancestors: readonly AriaNode[],
  nodes: AriaNode[],
  frames: ReadonlyMap<string, FrameFacts>,
): void {
  for (const { role: said, name, ref, children } of raw) {
    if (nodes.length >= MAX_NODES) return;
    const role = said === 'iframe' ? 'frame' : said;
    const known = role !== undefined && role !== 'generic' && isSelectorRole(role);
    const facts = role === 'frame' ? frames.get(ref ?? '') : undefined;
    const node = known ? { role, name: name ?? '', ...facts, ancestors } : null;
    if (node !== null) nodes.push(node);
    collect(children ?? [], node === null ? ancestors : [...ancestors, node], nodes, frames);
  }
}

/** References of the frames, outermost first. */
function framesIn(raw: readonly RawNode[]): string[] {
  return raw.flatMap(({ role, ref, children }) => [
    ...(role === 'iframe' && ref !== undefined ? [ref] : []),
    ...framesIn(children ?? []),
  ]);
}

/** What a selector can name a frame by. */
interface FrameFacts {
  readonly name: string;
  readonly url?: string;
}

/** The tree does not name frames as selectors do. */
async function factsOfFrames(page: Page, refs: readonly string[]): Promise<Map<string, FrameFacts>> {
  const facts = await Promise.all(
    refs.map(async (ref): Promise<[string, FrameFacts]> => {
      const frame = page.locator(`aria-ref=${ref}`);
      const { name, src } = await frame
        .evaluate(namesOfFrame, null, { timeout: SNAPSHOT_MS })
        .catch(() => ({ name: '', src: '' }));
      return [ref, name !== '' || src === '' ? { name } : { name, url: `${src.split(/[?#]/, 1)[0] ?? ''}*` }];
    }),
  );
  return new Map(facts);
}

/** Runs in the page. */
function namesOfFrame(frame: { readonly src?: string; getAttribute(name: string): string | null }): {
  name: string;
  src: string;
} {
  const names = ['title', 'aria-label', 'name'].map((key) => frame.getAttribute(key)?.trim() ?? '');
  return { name: names.find((name) => name !== '') ?? '', src: frame.src ?? '' };
}
