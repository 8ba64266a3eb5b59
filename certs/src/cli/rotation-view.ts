/** A rotation for people: phase, how many of how many are ready, who is not and why, and the next safe command. */
import type { Rotation, Straggler } from '@casare/shared/api';
import { details, plain, table, type Column } from '@casare/shared/terminal';

export const STRAGGLER_COLUMNS: readonly Column<Straggler>[] = [
  ['KIND', ({ kind }) => kind],
  ['NAME', ({ name }) => name],
  ['WHY', ({ why }) => why],
  ['LAST SEEN', ({ seenAt }) => seenAt ?? 'never'],
  ['ID', ({ id }) => id],
];

export const ROTATION_COLUMNS: readonly Column<Rotation>[] = [
  ['KIND', ({ kind }) => kind],
  ['TENANT', ({ tenant }) => tenant],
  ['PHASE', ({ phase, outcome }) => outcome ?? phase],
  ['READY', ({ gate }) => (gate === null ? null : `${gate.ready}/${gate.total}`)],
  ['SINCE', ({ phaseSince }) => phaseSince],
  ['BY', ({ startedBy }) => startedBy],
  ['ID', ({ id }) => id],
];

/** One line: `server_ca: issue, 3 of 4 gateways that …`. */
export function rotationLine({ kind, tenant, phase, gate, emergency, outcome }: Rotation): string {
  const who = tenant === null ? kind : `${kind} of ${tenant}`;
  const ready = gate === null ? (outcome ?? 'ended') : `${gate.ready} of ${gate.total} ${gate.counts}`;
  return plain(`rotation of ${who}: ${phase}${emergency ? ' (emergency)' : ''}, ${ready}`);
}

/** All of a rotation. */
export function rotationText(rotation: Rotation): string {
  const { gate, tenant } = rotation;
  const facts = details([
    ['rotation', rotation.id],
    ['of', tenant === null ? rotation.kind : `${rotation.kind} of tenant ${tenant}`],
    ['phase', rotation.phase],
    [
      'mode',
      `${rotation.emergency ? 'emergency' : 'planned'}, ${rotation.automatic ? 'goes on by itself' : 'by hand'}`,
    ],
    ['ready', gate === null ? rotation.outcome : `${gate.ready} of ${gate.total} ${gate.counts}`],
    ['gate', gate === null ? null : gate.met ? 'met' : 'not met'],
    ['left behind', gate === null ? null : gate.leftBehind],
    ['since', rotation.phaseSince],
    ['old, new CA', `${rotation.oldAuthority}, ${rotation.newAuthority}`],
    ['started', `${rotation.startedAt} by ${rotation.startedBy}`],
    ['reason', rotation.reason],
  ]);
  const blockers = gate?.blockers ?? [];
  const waits = blockers.length === 0 ? '' : `\nIt waits for:\n${table(blockers, STRAGGLER_COLUMNS)}`;
  return `${facts}${waits}\nnext: ${rotation.next}\n`;
}
