/** What the agent tells about its machine: facts for people, probed capabilities for routing, slots. */
import { readFileSync, statfsSync } from 'node:fs';
import { hostname, release, type } from 'node:os';
import type { AgentFacts, Slots } from '@casare/shared/protocol';
import { z } from 'zod';
import { Fault } from '../fault.ts';

/** Below this no job is accepted. */
export const MIN_FREE_BYTES = 134_217_728;
/** Files that wait for the control plane take this much at most. */
export const MAX_SPOOL_BYTES = 4_294_967_296;

const DEFAULT_SLOTS: Slots = { plain: 4, browser: 2, desktop: 1 };

/** The version of this agent: that of its package. */
export function agentVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}

export function machineFacts(): AgentFacts {
  return {
    hostname: hostname().slice(0, 255),
    os: `${type()} ${release()}`.slice(0, 100),
    arch: process.arch,
    agentVersion: agentVersion(),
    nodeVersion: process.versions.node,
  };
}

/** Capabilities that need no probe. */
export function platformCapabilities(): string[] {
  const names: Partial<Record<NodeJS.Platform, string>> = { win32: 'windows', darwin: 'macos' };
  return [
    `os=${names[process.platform] ?? process.platform}`,
    `arch=${process.arch}`,
    `agent.version=${agentVersion()}`,
  ];
}

/** Free bytes on the disk that holds `folder`. */
export function freeBytes(folder: string): number {
  const disk = statfsSync(folder);
  return disk.bavail * disk.bsize;
}

/** Reads `browser=2,plain=4`; what is not named is as in `kept`, or keeps its default. Throws USAGE. */
export function parseSlots(text: string | undefined, kept: Partial<Slots> = {}): Slots {
  const slots = { ...DEFAULT_SLOTS, ...kept };
  for (const part of text?.split(',') ?? []) {
    const [, kind, count] = /^\s*(plain|browser|desktop)=(\d{1,3})\s*$/.exec(part) ?? [];
    if (kind === undefined) {
      throw new Fault('USAGE', '--slots takes kinds with counts, such as browser=2,plain=4', { exitCode: 2 });
    }
    slots[kind as keyof Slots] = Number(count);
  }
  return slots;
}
