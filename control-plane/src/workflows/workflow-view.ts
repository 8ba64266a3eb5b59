/** A saved version as it is shown. */
import type { WorkflowVersion } from '@casare/shared/api';
import type { ListedVersion } from './workflow.store.ts';

export function versionView(row: ListedVersion): WorkflowVersion {
  const { id, namespace, name, version, digest, analysis, warnings, signature, createdAt } = row;
  return {
    id,
    namespace,
    name,
    version,
    digest,
    requirements: { slot: analysis.slot, capabilities: [...analysis.capabilities], site: analysis.site },
    secrets: [...analysis.secrets],
    warnings: [...warnings],
    signed: signature !== null,
    createdAt: createdAt.toISOString(),
  };
}
