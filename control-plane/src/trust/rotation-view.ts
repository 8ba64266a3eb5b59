/** A rotation as it is shown. */
import type { Rotation } from '@casare/shared/api';
import { nextCommand } from './rotation.decision.ts';
import type { WeighedGate } from './rotation-gate.ts';
import type { RotationRow } from './rotation.store.ts';

export function rotationView(row: RotationRow, gate: WeighedGate | null): Rotation {
  const { id, kind, tenant, phase, rev, emergency, automatic, seenDays, reason, startedBy, outcome } = row;
  return {
    ...{ id, kind, tenant, phase, rev, emergency, automatic, seenDays, reason, startedBy, outcome },
    oldAuthority: row.oldId,
    newAuthority: row.newId,
    startedAt: row.startedAt.toISOString(),
    phaseSince: row.phaseSince.toISOString(),
    endedAt: row.endedAt?.toISOString() ?? null,
    gate: gate?.view ?? null,
    next: nextCommand(row, gate?.view ?? null),
  };
}
