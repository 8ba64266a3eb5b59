/** Why a rotation is not started or moved: what happened, why, what to do. */
import type { Rotation } from '@casare/shared/api';
import { refuse, type Refusal } from '../platform/refusal.ts';
import type { RotationRow } from './rotation.store.ts';

export function notFound(id: string): Refusal {
  return refuse('not_found', 'ROTATION_NOT_FOUND', `There is no rotation ${id}.`, {
    fix: 'List rotations to find its id.',
  });
}

export function operatorOnly(): Refusal {
  return refuse('denied', 'OPERATOR_ONLY', 'This CA belongs to the installation, not to your tenant.', {
    fix: 'Ask the operator of the installation.',
  });
}

export function open({ id, kind, phase }: Pick<RotationRow, 'id' | 'kind' | 'phase'>): Refusal {
  return refuse('conflict', 'ROTATION_OPEN', `A rotation of ${kind} is open already.`, {
    detail: `Rotation ${id} is in ${phase}; of a root and the CAs below it one is rotated at a time.`,
    fix: 'Let it end, or roll it back.',
  });
}

export function emergencyNeedsRoot(): Refusal {
  return refuse(
    'unprocessable',
    'EMERGENCY_NEEDS_ROOT',
    'A stolen server CA is not made harmless by a new server CA.',
    {
      detail:
        'Agents trust whatever stands below the server root, and nothing tells them that one CA of it was revoked.',
      fix: 'Rotate server_root with emergency: agents then trust the old root no more.',
    },
  );
}

export function changed(detail = 'trust was changed since you looked'): Refusal {
  return refuse('conflict', 'TRUST_CHANGED', 'Trust has changed meanwhile, and nothing was done.', {
    detail: `${detail.charAt(0).toUpperCase()}${detail.slice(1)}.`,
    fix: 'Look at how trust stands now, then decide again.',
  });
}

export function ended({ id, outcome }: Pick<RotationRow, 'id' | 'outcome'>): Refusal {
  return refuse('conflict', 'ROTATION_ENDED', `The rotation ${id} has ended (${outcome ?? 'completed'}).`);
}

export function tooLate({ id, phase }: Pick<RotationRow, 'id' | 'phase'>): Refusal {
  const why = phase === 'rollback' ? 'It is being rolled back already.' : 'The old CA is refused already.';
  return refuse('conflict', 'ROTATION_TOO_LATE', `The rotation ${id} cannot be rolled back in ${phase}.`, {
    detail: why,
    fix: phase === 'rollback' ? 'Advance it when its gate is met.' : 'Let it end, then rotate again.',
  });
}

export function gateUnmet(
  { id, phase }: Pick<RotationRow, 'id' | 'phase'>,
  gate: NonNullable<Rotation['gate']>,
): Refusal {
  const { ready, total, blockers, counts } = gate;
  const named = blockers.slice(0, 5).map(({ name, why }) => `${name}: ${why}`);
  return refuse('conflict', 'ROTATION_GATE_UNMET', `The gate of ${phase} is not met: ${ready} of ${total} are ready.`, {
    detail: `It counts ${counts}. ${named.join(' ')}`.slice(0, 2_000),
    fix: `Wait, or list all: casare-certs rotate status ${id} --stragglers.`,
  });
}

export function incomplete(): Refusal {
  return refuse('conflict', 'TRUST_CHANGED', 'The CAs below the new root are not complete yet.', {
    detail: 'They are made in the background; a tenant may just have come.',
    fix: 'Try again in a moment.',
  });
}
