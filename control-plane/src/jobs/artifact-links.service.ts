/** Links to artifacts for those without an account, good for minutes: made by who may read the artifact, and audited. */
import type { ArtifactLink } from '@casare/shared/api';
import type { Clock } from '../platform/clock.ts';
import type { TenantDatabase } from '../platform/database/index.ts';
import { refuse, type Refusal } from '../platform/refusal.ts';
import { linkToken, tenantOfLink } from './artifact-link.ts';
import { artifactNotFound, type ArtifactsService, type FoundArtifact } from './artifacts.service.ts';
import type { DeadLetterDependencies } from './dead-letters.service.ts';
import type { Submitter } from './submit.service.ts';

export interface ArtifactLinksDependencies {
  readonly db: TenantDatabase;
  readonly clock: Clock;
  readonly artifacts: Pick<ArtifactsService, 'find' | 'findLinked'>;
  /** 32 bytes that all replicas share, derived from the master key. */
  readonly key: () => Promise<Uint8Array>;
  /** Where people reach the web, without a slash at its end. */
  readonly webUrl: string;
  readonly audit: DeadLetterDependencies['audit'];
}

export class ArtifactLinks {
  readonly #deps: ArtifactLinksDependencies;

  constructor(dependencies: ArtifactLinksDependencies) {
    this.#deps = dependencies;
  }

  async make(by: Submitter, id: string, ttlSeconds: number): Promise<ArtifactLink | Refusal> {
    const { db, clock, artifacts, key, webUrl, audit } = this.#deps;
    const found = await artifacts.find(by.tenant, id);
    if (found === null) return artifactNotFound(id);
    const { artifact } = found;
    const end = Math.floor(clock.now().getTime() / 1_000) + ttlSeconds;
    const token = linkToken(await key(), { tenant: by.tenant, id: artifact.id, end });
    const expiresAt = new Date(end * 1_000).toISOString();
    await db.of(by.tenant).transaction(async (tx) => {
      await audit(tx, by, 'artifact.linkMade', `artifact:${artifact.id}`, { job: artifact.jobId, expiresAt });
    });
    return { url: `${webUrl}/api/v1/artifacts/${artifact.id}/linked?token=${token}`, expiresAt };
  }

  /** What a link leads to. One answer for whatever is wrong with it: who has none learns nothing. */
  async open(id: string, token: string): Promise<FoundArtifact | Refusal> {
    const { clock, artifacts, key } = this.#deps;
    const tenant = tenantOfLink(await key(), id, token, clock.now().getTime());
    return (tenant === null ? null : await artifacts.findLinked(tenant, id)) ?? invalid();
  }
}

function invalid(): Refusal {
  return refuse('denied', 'ARTIFACT_LINK_INVALID', 'This link does not work.', {
    detail: 'It has expired, is not complete, or what it led to is gone.',
    fix: 'Ask whoever gave it to you for a new one.',
  });
}
