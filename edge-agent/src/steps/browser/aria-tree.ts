/** The page's accessibility tree as a flat list: what can be named in a selector, in reading order. */
import type { Locator, Page } from 'playwright-core';
import { z } from 'zod';
import { isSelectorRole, type SelectorRole } from '@casare/shared/workflow';

/** An element with a role that selectors know. */
export interface AriaNode {
  readonly role: SelectorRole;
  /** The accessible name; empty for none. */
  readonly name: string;
  /** From the outermost in. */
  readonly ancestors: readonly AriaNode[];
}

/** Larger trees are cut: they serve to propose a handful of selectors. */
const MAX_NODES = 5_000;
const SNAPSHOT_MS = 1_500;

const Snapshot: z.ZodType<RawNode[]> = z.lazy(() => z.array(z.union([RawNode, z.string().transform(() => ({}))])));
const RawNode = z.object({
  role: z.string().optional(),
  name: z.string().optional(),
  children: z.lazy(() => Snapshot).optional(),
});
interface RawNode {
  role?: string | undefined;
  name?: string | undefined;
  children?: RawNode[] | undefined;
}

/** The elements inside `root`. */
export async function nodesOf(root: Page | Locator): Promise<AriaNode[]> {
  const snapshot = Snapshot.parse(await root.ariaSnapshotJSON({ timeout: SNAPSHOT_MS }));
  const nodes: AriaNode[] = [];
  collect(snapshot, [], nodes);
  return nodes;
}

function collect(raw: readonly RawNode[], ancestors: readonly AriaNode[], nodes: AriaNode[]): void {
  for (const { role, name, children } of raw) {
    if (nodes.length >= MAX_NODES) return;
    const known = role !== undefined && isSelectorRole(role);
    const node = known ? { role, name: name ?? '', ancestors } : null;
    if (node !== null) nodes.push(node);
    collect(children ?? [], node === null ? ancestors : [...ancestors, node], nodes);
  }
}
