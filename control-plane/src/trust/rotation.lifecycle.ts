/**
 * The phases of a rotation as data (design sections 5 and 7):
 *
 * - standby: no rotation is open, or this one has ended.
 * - prepare: the new CA exists and verifiers are told of it. It goes on when every verifier trusts it.
 * - issue: the new CA signs. It goes on when every live certificate comes from it.
 * - serve: the new chain is presented. It goes on when every live session stands on it.
 * - retire: the old CA is refused. It ends when no session of it is left.
 * - rollback: the old CA signs and is presented again, the new one goes out. It ends when nothing needs the new one.
 */
import type { RotationPhase } from '@casare/shared/api';
import type { Table } from '@casare/shared/lifecycle';

export type RotationEvent = 'advance' | 'rollback';

export const ROTATION: Table<RotationPhase, RotationEvent> = {
  standby: {},
  prepare: { advance: 'issue', rollback: 'rollback' },
  issue: { advance: 'serve', rollback: 'rollback' },
  serve: { advance: 'retire', rollback: 'rollback' },
  retire: { advance: 'standby' },
  rollback: { advance: 'standby' },
};
