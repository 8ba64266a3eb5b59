/** How the versions of an agent and its control plane stand to each other. Pure. */

export type Skew = 'fits' | 'agent-old' | 'agent-new' | 'unknown';

/** A control plane serves agents of its own minor version and of the two before it. */
const SERVED = 2;

export function skewOf(agent: string, controlPlane: string): Skew {
  const [ours, theirs] = [minorOf(agent), minorOf(controlPlane)];
  if (ours === null || theirs === null) return 'unknown';
  if (ours.major !== theirs.major) return ours.major < theirs.major ? 'agent-old' : 'agent-new';
  if (ours.minor > theirs.minor) return 'agent-new';
  return theirs.minor - ours.minor > SERVED ? 'agent-old' : 'fits';
}

function minorOf(version: string): { major: number; minor: number } | null {
  const [, major, minor] = /^(\d+)\.(\d+)\./.exec(version) ?? [];
  return major === undefined || minor === undefined ? null : { major: Number(major), minor: Number(minor) };
}
